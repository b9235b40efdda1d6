"""How well does a contract find what is broken?

The generator says which rows it broke, and a contract says which rows it refuses; the four ways in which these can
meet are counted, and counts of two files are added up.

    refused and broken       hit            refused and sound    false alarm
    accepted and broken      miss           accepted and sound   pass
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_lib.trips.contract import ERROR_NAMES
from course_lib.trips.defects import DEFECTS

# The kinds of broken rows that a rule of severity error should refuse.
REFUSABLE = tuple(defect.kind for defect in DEFECTS if defect.rule in ERROR_NAMES)


class Score(NamedTuple):
    """Rows by what was said of them and what they are: a state with merge."""

    hits: int
    false_alarms: int
    misses: int
    passes: int

    def merge(self, other: Score) -> Score:
        """Both together: associative and commutative."""
        return Score(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def precision(self) -> float | None:
        """Of the rows refused, the share that is broken; None where none was refused."""
        return self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else None

    @property
    def recall(self) -> float | None:
        """Of the rows that are broken, the share that was refused; None where none is."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall: near the smaller of the two."""
        found = 2 * self.hits + self.false_alarms + self.misses
        return 2 * self.hits / found if found else None


def score(refused: np.ndarray, broken: np.ndarray) -> Score:
    """Rows (n,) bool refused against rows (n,) bool that are broken.

    >>> score(np.array([True, True, False]), np.array([True, False, True]))
    Score(hits=1, false_alarms=1, misses=1, passes=0)
    """
    if refused.shape != broken.shape or refused.ndim != 1:
        raise ValueError(f"{refused.shape} verdicts on {broken.shape} rows: one for each row is needed")
    if refused.dtype != bool or broken.dtype != bool:
        raise ValueError(f"verdicts are booleans, these are {refused.dtype} and {broken.dtype}")
    return Score(*(int(np.count_nonzero(mask)) for mask in (
        refused & broken, refused & ~broken, ~refused & broken, ~refused & ~broken
    )))  # fmt: skip


def by_kind(refused: np.ndarray, kinds: np.ndarray) -> Mapping[str, tuple[int, int]]:
    """For each kind that occurs in `kinds` (n,) str, "" where sound: (refused, rows)."""
    names = sorted(set(kinds.tolist()) - {""})
    return {
        name: (int(np.count_nonzero(refused & (kinds == name))), int(np.count_nonzero(kinds == name))) for name in names
    }
