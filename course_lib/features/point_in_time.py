"""What did we know about a key at a moment?

A reading is a value with the time it became *known*, which is later than the time it is about. At a moment `at` the
readings known by then are usable, and the newest of them is the answer; a reading that becomes known at `at` itself is
usable. Never the future: a training set that sees it is too good to be true, and so is the model that learns from it.

`newest_known` says this slowly and plainly, and stays because it explains; `as_of` does it for columns of millions.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Reading(NamedTuple):
    """One value of one key."""

    key: Hashable
    known_at: Any  # anything ordered: datetime, seconds
    value: Any


def newest_known(readings: Sequence[Reading], key: Hashable, at: Any) -> Reading | None:
    """The newest reading of `key` known at `at`; of equally new ones the last; None where there is none.

    >>> readings = [Reading("A", 10, 1.5), Reading("A", 20, 2.5), Reading("B", 5, 9.0)]
    >>> [newest_known(readings, "A", at) for at in (9, 10, 25)]  # nothing yet; known that moment; the newest
    [None, Reading(key='A', known_at=10, value=1.5), Reading(key='A', known_at=20, value=2.5)]
    """
    newest = None
    for reading in [r for r in readings if r.key == key and r.known_at <= at]:
        if newest is None or reading.known_at >= newest.known_at:
            newest = reading
    return newest


def as_of(keys: Ints, at: Ints, reading_keys: Ints, known_at: Ints) -> Ints:
    """For each question the position of the newest reading known by then, or -1.

    keys, at                 (n)  what is asked: the key, and the moment
    reading_keys, known_at   (m)  the readings, in any order
    returns                  (n)  positions into the readings, in the order of the questions

    Of readings of one key with the same known_at the last in order wins.

    >>> as_of(np.array([7, 7, 8]), np.array([9, 10, 10]), np.array([7, 7]), np.array([10, 11])).tolist()
    [-1, 0, -1]
    """
    if not len(reading_keys):
        return np.full(len(keys), -1, np.int64)
    order = np.lexsort((known_at, reading_keys))  # stable: equal readings keep their order
    names, moments = distinct(reading_keys), distinct(known_at)
    # Ranks instead of values, so that key and moment fit into one integer whatever their ranges.
    width = len(moments) + 1
    line = np.searchsorted(names, reading_keys[order]) * width + np.searchsorted(moments, known_at[order]) + 1
    code = np.minimum(np.searchsorted(names, keys), len(names) - 1)
    asked = code * width + np.searchsorted(moments, at, side="right")
    found = np.searchsorted(line, asked, side="right") - 1
    # The key must be one of the readings', and its first reading must not lie ahead.
    usable = (names[code] == keys) & (found >= 0) & (line[np.maximum(found, 0)] // width == code)
    return np.where(usable, order[found], -1)


def newest(keys: Sequence[npt.NDArray[Any]], known_at: Ints) -> Ints:
    """The position of the newest reading of every key; of equally new ones the last.

    keys       one (n) array per part of the key
    known_at   (n)
    returns    (k)  positions, in the order of the keys

    Readings that lie in the order of their keys and moments, as the course writes them, are not sorted again.

    >>> newest([np.array([7, 8, 7, 7])], np.array([1, 5, 3, 2])).tolist()
    [2, 1]
    """
    if not len(known_at):
        return np.empty(0, np.int64)
    ends = np.append(np.any([key[1:] != key[:-1] for key in keys], axis=0), True)  # where a stretch of one key ends
    last = np.flatnonzero(ends)
    rising = (known_at[1:] >= known_at[:-1]) | ends[:-1]
    (stretch,) = encode(np.stack([key[last].astype(np.int64) for key in keys]))
    if rising.all() and (stretch[1:] > stretch[:-1]).all():
        return last
    (code,) = encode(np.stack([key.astype(np.int64) for key in keys]))
    order = np.lexsort((known_at, code))
    return order[np.append(code[order][1:] != code[order][:-1], True)]


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The different values, ascending.

    np.unique hashes first, which takes ten times as long for millions of integers that are nearly in order.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values, kind="stable")
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def encode(*columns: npt.NDArray[Any]) -> list[Ints]:
    """Each row of several key columns as one integer; equal rows of any of the tables get equal integers.

    columns   arrays (k key columns, n rows), one per table
    returns   one (n) array per table, in the same order

    >>> [c.tolist() for c in encode(np.array([[1, 1], [2, 3]]), np.array([[1], [3]]))]
    [[0, 1], [1]]
    """
    joined = np.concatenate([np.atleast_2d(table) for table in columns], axis=1)
    code = np.zeros(joined.shape[1], np.int64)
    for column in joined:
        values = distinct(column)
        code = code * len(values) + np.searchsorted(values, column)
        # Re-ranked after every column: a product of ranges could pass 64 bits, a number of rows cannot.
        code = np.searchsorted(distinct(code), code)
    return np.split(code, np.cumsum([np.atleast_2d(table).shape[1] for table in columns])[:-1])
