"""Which rules does each row break?

A verdict is one int32 a row with bit BIT[rule] set for each broken rule: all reasons, not the first. The rules
that need other rows (kind Twin) are judged in twins.py; here `refund` is left unset and every negative fare
is called `negative_fare` until its twin is found.
"""

from __future__ import annotations

import numpy as np

from course_lib.trips.columns import SECOND, Columns
from course_lib.trips.contract import (
    BIT,
    RULES,
    Above,
    AllNull,
    AnyNull,
    Below,
    Check,
    Equals,
    GapAbove,
    GapBelow,
    OutsideMonth,
    OutsideType,
    RequiredNull,
    Twin,
    Unparseable,
)
from course_lib.trips.schema import PROBLEM, UNPARSEABLE


def verdicts(trips: Columns, published: frozenset[str], month: tuple[int, int] | None) -> np.ndarray:
    """The broken rules of each row, as bits of int32 (n rows).

    published   canonical fields that the file's header version publishes
    month       (year, month) in the file's name; None breaks no rule about it
    """
    found = np.zeros(trips.rows, np.int32)
    told = trips.values("problems")
    problems = told if told.any() else None
    for rule in RULES:
        broken = _broken(rule.check, trips, published, month, problems)
        if broken is not None and broken.any():
            found[broken] |= 1 << BIT[rule.name]
    return found


def counts(found: np.ndarray) -> dict[str, int]:
    """How many rows break each rule; rules that none breaks are left out."""
    totals = {rule.name: int(np.count_nonzero(found & (1 << BIT[rule.name]))) for rule in RULES}
    return {name: total for name, total in totals.items() if total}


def _broken(
    check: Check,
    trips: Columns,
    published: frozenset[str],
    month: tuple[int, int] | None,
    problems: np.ndarray | None,
) -> np.ndarray | None:
    """Where `check` is broken; None where it cannot be."""
    match check:
        case Twin():
            return None
        case Unparseable():
            return None if problems is None else (problems >> UNPARSEABLE) & 1 == 1
        case OutsideType():
            return None if problems is None else problems & ((1 << len(PROBLEM)) - 1) != 0
        case RequiredNull(fields):
            return _any([_unexcused(trips, name, problems) for name in fields])
        case AnyNull(fields):
            return _any([_unexcused(trips, name, problems) for name in fields if name in published])
        case AllNull(fields):
            if not published.issuperset(fields):
                return None
            masks = [mask for name in fields if (mask := _unexcused(trips, name, problems)) is not None]
            return np.logical_and.reduce(masks) if len(masks) == len(fields) else None
        case Below(name, bound):
            return _where(trips, name, published, trips.values(name) < bound)
        case Above(name, bound):
            return _where(trips, name, published, trips.values(name) > bound)
        case Equals(name, value):
            return _where(trips, name, published, trips.values(name) == value)
        case GapBelow(start, end, seconds):
            gap = trips.values(end) - trips.values(start)
            return _where(trips, start, published, _where(trips, end, published, gap < seconds * SECOND))
        case GapAbove(start, end, seconds):
            gap = trips.values(end) - trips.values(start)
            return _where(trips, start, published, _where(trips, end, published, gap > seconds * SECOND))
        case OutsideMonth(name):
            if month is None:
                return None
            year, number = month
            first = np.datetime64(f"{year:04}-{number:02}", "us").astype(np.int64)
            after = (np.datetime64(f"{year:04}-{number:02}", "M") + 1).astype("datetime64[us]").astype(np.int64)
            at = trips.values(name)
            return _where(trips, name, published, (at < first) | (at >= after))
    raise TypeError(f"no such check: {check!r}")


def _any(masks: list[np.ndarray | None]) -> np.ndarray | None:
    present = [mask for mask in masks if mask is not None]
    return np.logical_or.reduce(present) if present else None


def _where(trips: Columns, name: str, published: frozenset[str], broken: np.ndarray | None) -> np.ndarray | None:
    """`broken` where field `name` has a value; a field that is not published breaks nothing."""
    if broken is None or name not in published:
        return None
    valid = trips.valid(name)
    return broken if valid is None else broken & valid


def _unexcused(trips: Columns, name: str, problems: np.ndarray | None) -> np.ndarray | None:
    """Where `name` is null and not for the reason that its value could not be read, which has a name of its own."""
    if trips.valid(name) is None:
        return None
    empty = trips.null(name)
    if problems is None:
        return empty
    excused = (problems & ((1 << PROBLEM[name]) | (1 << UNPARSEABLE))) != 0
    return empty & ~excused
