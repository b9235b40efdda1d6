"""What does Pandera say of the same contract?

Each rule becomes a check of a column, named after the rule; a check drops nulls before it judges, which is what the
contract promises. `lazy=True` collects every failure of every row instead of stopping at the first.

Source: Pandera 0.35, "Lazy validation" and the pandas backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from course_lib.trips.contract import (
    BIT,
    RULES,
    Above,
    AllNull,
    AnyNull,
    Below,
    Equals,
    GapAbove,
    GapBelow,
    OutsideMonth,
    OutsideType,
    RequiredNull,
    Rule,
    Twin,
    Unparseable,
)
from course_lib.validation import evidence
from course_lib.validation.judged import EVERY_FIELD

if TYPE_CHECKING:
    import pandera.pandas as pandera


def verdicts(
    bronze: pa.Table, published: frozenset[str] = EVERY_FIELD, month: tuple[int, int] | None = None
) -> np.ndarray:
    """The broken rules of each row, as bits of int32 (n rows); the arguments are those of judged.judged."""
    from pandera.errors import SchemaErrors

    frame = evidence.evidence(bronze, published, RULES)
    found = np.zeros(len(frame), np.int32)
    try:
        schema(published, month).validate(frame, lazy=True)
    except SchemaErrors as errors:
        for name, rows in errors.failure_cases.groupby("check")["index"]:
            found[rows.to_numpy(np.int64)] |= np.int32(1 << BIT[name])
    return found


def schema(published: frozenset[str], month: tuple[int, int] | None) -> pandera.DataFrameSchema:
    """The contract for files that publish `published`, in `month`; its frames are those of evidence.evidence."""
    import pandera.pandas as pandera

    checks: dict[str, list] = {}
    for rule in RULES:
        for column, check in _checks(rule, published, month):
            checks.setdefault(column, []).append(check)
    columns = {name: pandera.Column(checks=found, nullable=True) for name, found in checks.items()}
    return pandera.DataFrameSchema(columns, name="trips")


def _checks(
    rule: Rule, published: frozenset[str], month: tuple[int, int] | None
) -> Iterator[tuple[str, pandera.Check]]:
    """The column and the check that a rule becomes; none for a rule about what is not published."""
    from pandera.pandas import Check

    name = rule.name
    match rule.check:
        case Unparseable():
            yield evidence.UNREADABLE_LINE, Check.eq(0, error=name)
        case OutsideType():
            yield evidence.UNREADABLE_VALUES, Check.eq(0, error=name)
        case RequiredNull():
            yield evidence.empty(rule), Check.eq(0, error=name)
        case AnyNull():
            yield evidence.empty(rule), Check.eq(0, error=name)
        case AllNull(fields) if published.issuperset(fields):
            yield evidence.empty(rule), Check.lt(len(fields), error=name)
        case Below("fare_cents", bound) if "fare_cents" in published:
            yield evidence.UNEXPLAINED_FARE, Check.ge(bound, error=name)
        case Below(field, bound) if field in published:
            yield field, Check.ge(bound, error=name)
        case Above(field, bound) if field in published:
            yield field, Check.le(bound, error=name)
        case Equals(field, value) if field in published:
            yield field, Check.ne(value, error=name)
        case GapBelow(start, end, seconds) if published.issuperset((start, end)):
            yield evidence.LASTS_S, Check.ge(seconds, error=name)
        case GapAbove(start, end, seconds) if published.issuperset((start, end)):
            yield evidence.LASTS_S, Check.le(seconds, error=name)
        case OutsideMonth(field) if month is not None and field in published:
            first, after = evidence.ends(month)
            yield field, Check.in_range(first, after, include_max=False, error=name)
        case Twin():
            column = {"refund": evidence.REFUNDS, "shared_trip": evidence.TWINS, "refunded": evidence.REFUNDED}[name]
            yield column, Check.eq(0, error=name)
