"""How is a grouped sum computed in pieces, in any order, on any number of machines?

A state holds, for each key, integer sums and maxima of the rows seen so far. `update` absorbs rows, `merge` absorbs
another state, `finish` reads the answer. Merge is associative and commutative, and the empty state is its identity,
so partial states may be built per partition, added to yesterday's, or shipped between machines: all
give the same answer, exactly, because the sums are integers.

>>> left = Grouped.of(np.array([3, 1, 3]), sums={"trips": np.array([1, 1, 1])}, maxima={"fare": np.array([5, 9, 7])})
>>> right = Grouped.of(np.array([2, 3]), sums={"trips": np.array([1, 1])}, maxima={"fare": np.array([4, 6])})
>>> both = left.merge(right)
>>> both.keys.tolist(), both.sums["trips"].tolist(), both.maxima["fare"].tolist()
([1, 2, 3], [1, 1, 3], [9, 4, 7])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

_DENSE = 16  # use one slot per possible key while there are at most this many per row (or 65,536)
_EXACT = float(1 << 53)  # NumPy's bincount adds weights as float64, exact for integers below this


@dataclass(frozen=True)
class Grouped:
    """Sums and maxima by key. All arrays are int64, of one length, in the order of `keys` (sorted, distinct)."""

    keys: np.ndarray
    sums: dict[str, np.ndarray]
    maxima: dict[str, np.ndarray]

    @staticmethod
    def empty(sums: Iterable[str], maxima: Iterable[str] = ()) -> Grouped:
        """The identity of merge, for these columns."""
        none = np.zeros(0, np.int64)
        return Grouped(none, dict.fromkeys(sums, none), dict.fromkeys(maxima, none))

    @staticmethod
    def of(keys: np.ndarray, sums: Mapping[str, np.ndarray], maxima: Mapping[str, np.ndarray]) -> Grouped:
        """The state of n rows: their keys (n,) int64, and the columns to add up or to take the largest of."""
        if not len(keys):
            return Grouped.empty(sums, maxima)
        low, high = int(keys.min()), int(keys.max())
        span = high - low + 1
        if span <= max(_DENSE * len(keys), 1 << 16):
            slot = keys - low
            present = np.flatnonzero(np.bincount(slot, minlength=span))
            place = np.empty(span, np.int64)
            place[present] = np.arange(len(present))
            group, distinct = place[slot], present + low
        else:
            distinct, group = np.unique(keys, return_inverse=True)
        size = len(distinct)
        return Grouped(
            distinct.astype(np.int64, copy=False),
            {name: _add(group, column, size) for name, column in sums.items()},
            {name: _largest(group, column, size) for name, column in maxima.items()},
        )

    def update(self, keys: np.ndarray, sums: Mapping[str, np.ndarray], maxima: Mapping[str, np.ndarray]) -> Grouped:
        """This state after n more rows."""
        return self.merge(Grouped.of(keys, sums, maxima))

    def merge(self, other: Grouped) -> Grouped:
        """The state of both inputs together."""
        return merge_all([self, other])

    def finish(self) -> dict[str, np.ndarray]:
        """The answer: `key` and each column, sorted by key."""
        return {"key": self.keys, **self.sums, **self.maxima}


def merge_all(states: Iterable[Grouped]) -> Grouped:
    """The state of all inputs together; at least one state."""
    states = list(states)
    first = states[0]
    for state in states:
        if state.sums.keys() != first.sums.keys() or state.maxima.keys() != first.maxima.keys():
            raise ValueError(f"cannot merge {sorted(state.sums)} with {sorted(first.sums)}: not the same columns")
    if len(states) == 1:
        return first
    return Grouped.of(
        np.concatenate([state.keys for state in states]),
        {name: np.concatenate([state.sums[name] for state in states]) for name in first.sums},
        {name: np.concatenate([state.maxima[name] for state in states]) for name in first.maxima},
    )


def _add(group: np.ndarray, column: np.ndarray, size: int) -> np.ndarray:
    largest = max(abs(int(column.max())), abs(int(column.min())))
    if largest * len(column) < _EXACT:
        return np.bincount(group, weights=column, minlength=size).astype(np.int64)
    total = np.zeros(size, np.int64)  # slower, and exact up to 2**63
    np.add.at(total, group, column)
    return total


def _largest(group: np.ndarray, column: np.ndarray, size: int) -> np.ndarray:
    largest = np.full(size, np.iinfo(np.int64).min)
    np.maximum.at(largest, group, column.astype(np.int64, copy=False))
    return largest
