"""Which rows might have a partner somewhere else in the input?

Two questions need the whole input: which trip_ids occur twice, and which trips share service, times, zones and
distance. Each row's key is hashed to 32 bits; a hash that occurs once proves that the row is alone. One that
occurs twice proves nothing (of 25 million keys, 0.6 % meet by chance), so these rows are only *candidates*,
and are compared in full later. Sorting 32-bit hashes costs a tenth of joining rows.

Hashing: a linear mix of the fields by odd constants, then the finaliser of splitmix64 (Steele, Lea and Flood,
"Fast splittable pseudorandom number generators", 2014).
"""

from __future__ import annotations

import numpy as np

from course_lib.trips.columns import Columns
from course_lib.validation.twins import FIELDS as TWIN_FIELDS

_ODD = np.array(
    [
        0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
        0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD, 0x2545F4914F6CDD1D,
    ],
    dtype=np.uint64,
)  # fmt: skip
_NULL = -(1 << 40)  # stands for a null in a key; no field reaches it


def finalise(hashes: np.ndarray) -> np.ndarray:
    """The splitmix64 finaliser, in place: every bit of the input moves half of the output (n,) uint64."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes


def id_hashes(trips: Columns) -> np.ndarray:
    """The 32-bit hash of each row's trip_id (n,) uint32; nulls hash as 0, they are errors anyway."""
    hashes = trips.filled("trip_id", 0).astype(np.int64, copy=True).view(np.uint64)
    return (finalise(hashes) >> np.uint64(32)).astype(np.uint32)


def twin_hashes(trips: Columns) -> np.ndarray:
    """The 32-bit hash of each row's service, times, zones and distance (n,) uint32; null equals null."""
    hashes = trips.values("service").astype(np.int64).view(np.uint64) * _ODD[0]
    for odd, name in zip(_ODD[1:], TWIN_FIELDS, strict=True):
        numbers, valid = trips.values(name).astype(np.int64, copy=False), trips.valid(name)
        hashes += (numbers if valid is None else np.where(valid, numbers, _NULL)).view(np.uint64) * odd
    return (finalise(hashes) >> np.uint64(32)).astype(np.uint32)


def repeated(hashes: np.ndarray) -> np.ndarray:
    """The values that occur more than once, sorted and distinct; sorts its argument in place.

    >>> repeated(np.array([7, 3, 7, 5, 3, 7], np.uint32)).tolist()
    [3, 7]
    """
    hashes.sort()
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    return again[np.concatenate([[True], again[1:] != again[:-1]])] if len(again) else again


class Candidates:
    """A set of 32-bit hashes that is asked for whole columns at once.

    A bitmap over the top 24 bits answers for nearly every row with one look; the few that pass are searched
    for in the sorted hashes. 2 MB and the hashes themselves.
    """

    def __init__(self, hashes: np.ndarray):
        """hashes: sorted, distinct, uint32."""
        self.hashes = hashes
        self._bitmap = np.zeros(1 << 21, np.uint8)
        top = hashes >> np.uint32(8)
        np.bitwise_or.at(self._bitmap, top >> np.uint32(3), (1 << (top & np.uint32(7))).astype(np.uint8))

    def contains(self, hashes: np.ndarray) -> np.ndarray:
        """Where `hashes` (n,) uint32 are in the set (n,) bool.

        >>> Candidates(np.array([3, 900], np.uint32)).contains(np.array([900, 4, 3], np.uint32)).tolist()
        [True, False, True]
        """
        if not len(self.hashes):
            return np.zeros(len(hashes), bool)
        top = hashes >> np.uint32(8)
        found = (self._bitmap[top >> np.uint32(3)] >> (top & np.uint32(7)).astype(np.uint8)) & np.uint8(1) == 1
        rows = np.flatnonzero(found)
        place = np.searchsorted(self.hashes, hashes[rows])
        place[place == len(self.hashes)] = 0
        found[rows] = self.hashes[place] == hashes[rows]
        return found
