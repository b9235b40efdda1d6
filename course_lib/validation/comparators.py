"""Do two samples that should look alike look alike?

A skew comparator sets training beside serving at the same time, a drift comparator today beside yesterday. Both
compare how often each category occurs, by the largest change of one share (L-infinity) or by Jensen-Shannon divergence,
against a threshold that a person has chosen: on purpose no p-value, which says that a difference is real and not that
it matters.

In the manner of TensorFlow Data Validation's `skew_comparator` and `drift_comparator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from course_lib.validation import drift
from course_lib.validation.inferred import Anomaly
from course_lib.validation.profile import ColumnProfile, Profile

DISTANCES: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "l_infinity": drift.l_infinity,
    "jensen_shannon": drift.jensen_shannon,
}


class Comparator(NamedTuple):
    """What is compared, how, and how much may differ."""

    column: str
    threshold: float
    distance: Literal["l_infinity", "jensen_shannon"] = "l_infinity"


class Compared(NamedTuple):
    """One comparison, and which value moved most."""

    of: Comparator
    distance: float | None  # None: one of the sides has no values, or too many different ones to count
    moved: object  # the value whose share changed most; None where there is none
    before: float  # its share
    after: float

    @property
    def within(self) -> bool | None:
        """Whether the difference is tolerated; None where nothing could be compared."""
        return None if self.distance is None else self.distance <= self.of.threshold


def compare(reference: Profile, current: Profile, comparators: tuple[Comparator, ...]) -> list[Compared]:
    """Every comparison, in the order given. Raises KeyError for a column that neither profile knows."""
    return [_compare(reference, current, comparator) for comparator in comparators]


def anomalies(compared: list[Compared], what: Literal["skew", "drift"]) -> list[Anomaly]:
    """The comparisons beyond their threshold, in words; one that could not be made is an anomaly of its own."""
    told = []
    for one in compared:
        if one.distance is None:
            told.append(Anomaly(one.of.column, f"No {what} known", "one of the two sides has no categories to compare"))
        elif not one.within:
            name = one.of.distance.replace("_", "-")
            long = (
                f"{name} is {one.distance:.4f} over a threshold of {one.of.threshold:g}; "
                f"{one.moved!r} went from {one.before:.2%} to {one.after:.2%}"
            )
            told.append(Anomaly(one.of.column, f"High {what}", long))
    return told


def aligned(left: ColumnProfile, right: ColumnProfile) -> tuple[list, np.ndarray, np.ndarray] | None:
    """The values that occur on either side, and their counts on both; None where a side has no counts."""
    if not left.counts or not right.counts:
        return None
    values = sorted({*left.counts, *right.counts}, key=lambda value: (type(value).__name__, value))
    before, after = (np.array([side.get(value, 0) for value in values]) for side in (left.counts, right.counts))
    return values, before, after


def _compare(reference: Profile, current: Profile, of: Comparator) -> Compared:
    if of.column not in reference and of.column not in current:
        raise KeyError(f"neither side has a column {of.column!r}")
    one, other = reference.get(of.column), current.get(of.column)
    found = None if one is None or other is None else aligned(one, other)
    if found is None:
        return Compared(of, None, None, 0.0, 0.0)
    values, left, right = found
    before, after = left / left.sum(), right / right.sum()
    most = int(np.argmax(np.abs(after - before)))
    return Compared(of, DISTANCES[of.distance](left, right), values[most], float(before[most]), float(after[most]))
