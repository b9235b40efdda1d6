"""Which trip is this, when the publisher gave it no id?

The id is a 64-bit hash of the service and of every published value, normalised: '1', ' 1 ', '1.0' and the number 1 are
the same value, a time is the same as text and as timestamp, and a null is nothing at all. So the CSV and the Parquet
edition of a row have one id, and a new column that is still empty changes no id. Every column adds one well mixed
number to a sum; which numbers meet in the sum decides, never their order (simple tabulation hashing, Zobrist 1970).

At n rows n²/2⁶⁵ pairs of different rows are expected to share an id: 0.03 at a billion rows.

Source of the mixing: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), the finaliser of
SplitMix64.
"""

from __future__ import annotations

import hashlib

import numpy as np

_SHIFTS = tuple(np.uint64(bits) for bits in (30, 27, 31))
_PART_BITS = 6
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def mix(bits: np.ndarray) -> np.ndarray:
    """A well mixed number for each of `bits` (uint64); a bijection."""
    mixed = bits ^ (bits >> _SHIFTS[0])
    mixed *= _FACTORS[0]
    mixed ^= mixed >> _SHIFTS[1]
    mixed *= _FACTORS[1]
    mixed ^= mixed >> _SHIFTS[2]
    return mixed


def text_bits(text: str) -> int:
    """The 64 bits that stand for a text that is no number; the same on every machine.

    >>> hex(text_bits("B02667"))
    '0x62b675cfd67cd8fa'
    """
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def column_key(name: str) -> np.uint64:
    """What distinguishes equal values in different columns."""
    return np.uint64(text_bits("column " + name))


def number_bits(numbers: np.ndarray) -> np.ndarray:
    """The bits of float64 numbers, where -0 is 0."""
    return (numbers + 0.0).view(np.uint64)


def trip_ids(service: str, sums: np.ndarray) -> np.ndarray:
    """The ids (int64) of rows of `service`, from the sums of their columns' mixed numbers (uint64)."""
    return mix(sums ^ column_key("service " + service)).view(np.int64)


class Repeats:
    """The numbers 0, 1, ... of equal rows in the order they come, over all batches of one file.

    Memory is 12 bytes for each different row seen: hashes with their counts, in parts by the top bits, so that
    keeping them sorted copies little at a time.

    >>> seen = Repeats()
    >>> seen.number(np.array([7, 8, 7], dtype=np.uint64)), seen.number(np.array([7], dtype=np.uint64))
    (array([0, 0, 1]), array([2]))
    """

    def __init__(self) -> None:
        self._parts = [_Counts() for _ in range(1 << _PART_BITS)]

    def number(self, hashes: np.ndarray) -> np.ndarray:
        """How many rows with the same hash came before each of `hashes` (uint64)."""
        if not len(hashes):
            return np.zeros(0, np.int64)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        keys, counts = ordered[starts], np.diff(np.append(starts, len(ordered)))
        before = np.empty(len(keys), np.int64)
        tops = np.arange(1 << _PART_BITS, dtype=np.uint64) << np.uint64(64 - _PART_BITS)
        edges = [*np.searchsorted(keys, tops).tolist(), len(keys)]
        for part, start, end in zip(self._parts, edges, edges[1:], strict=False):
            if start < end:
                before[start:end] = part.add(keys[start:end], counts[start:end])
        numbers = np.empty(len(hashes), np.int64)
        numbers[order] = np.arange(len(hashes)) + np.repeat(before - starts, counts)
        return numbers


class _Counts:
    """How often each hash was seen: sorted runs, merged so that each is at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []  # (different hashes, sorted; how often each was seen)

    def add(self, keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """How often each of `keys` (sorted, different) was seen before; from now on `counts` times more."""
        before = np.zeros(len(keys), np.int64)
        for seen, times in self._runs:
            at = np.minimum(np.searchsorted(seen, keys), len(seen) - 1)
            before += np.where(seen[at] == keys, times[at], 0)
        self._runs.append((keys.copy(), counts.astype(np.int32)))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            self._runs.append(_merge(self._runs.pop(), self._runs.pop()))
        return before


def _merge(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    keys = np.concatenate([one[0], other[0]])
    times = np.concatenate([one[1], other[1]])
    order = np.argsort(keys, kind="stable")
    keys, times = keys[order], times[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(times, starts).astype(np.int32)
