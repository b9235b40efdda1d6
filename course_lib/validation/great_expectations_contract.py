"""What does Great Expectations say of the same contract?

Each rule becomes an expectation on a column, with the rule's name in its `meta`; expectations ignore nulls, which is
what the contract promises. `result_format=COMPLETE` asks for the index of every unexpected row.

This file touches the world: importing Great Expectations reads a configuration file in the home if there is one, and
takes 5 to 8 s of CPU (it imports its renderers with Altair, and through Altair's schemas a package that builds forty
grammars). `great_expectations_process.py` runs it beside other work. The context is ephemeral: it writes no file.

Source: Great Expectations 1.24, "Choose a result format".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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
    from types import ModuleType

    from great_expectations import ExpectationSuite
    from great_expectations.expectations import Expectation


def verdicts(
    bronze: pa.Table, published: frozenset[str] = EVERY_FIELD, month: tuple[int, int] | None = None
) -> np.ndarray:
    """The broken rules of each row, as bits of int32 (n rows); the arguments are those of judged.judged."""
    gx = _library()
    frame = evidence.evidence(bronze, published, RULES)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("trips")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    told = batch.validate(suite(published, month), result_format={"result_format": "COMPLETE"})
    found = np.zeros(len(frame), np.int32)
    for result in told.results:
        if result.exception_info and result.exception_info.get("raised_exception"):
            raise RuntimeError(f"{result.expectation_config.meta}: {result.exception_info['exception_message']}")
        rows = result.result.get("unexpected_index_list") or []
        found[np.asarray(rows, np.int64)] |= np.int32(1 << BIT[result.expectation_config.meta["rule"]])
    return found


def suite(published: frozenset[str], month: tuple[int, int] | None) -> ExpectationSuite:
    """The contract for files that publish `published`, in `month`; its frames are those of evidence.evidence."""
    gx = _library()
    expectations = [found for rule in RULES for found in _expectations(rule, published, month)]
    return gx.ExpectationSuite("trips", expectations=expectations)


def _expectations(rule: Rule, published: frozenset[str], month: tuple[int, int] | None) -> Iterator[Expectation]:
    """The expectation that a rule becomes; none for a rule about what is not published."""
    from great_expectations import expectations as gxe

    def between(column: str, **ends: Any) -> Expectation:
        return gxe.ExpectColumnValuesToBeBetween(column=column, **ends, meta={"rule": rule.name})

    match rule.check:
        case Unparseable():
            yield between(evidence.UNREADABLE_LINE, max_value=0)
        case OutsideType():
            yield between(evidence.UNREADABLE_VALUES, max_value=0)
        case RequiredNull() | AnyNull():
            yield between(evidence.empty(rule), max_value=0)
        case AllNull(fields) if published.issuperset(fields):
            yield between(evidence.empty(rule), max_value=len(fields) - 1)
        case Below("fare_cents", bound) if "fare_cents" in published:
            yield between(evidence.UNEXPLAINED_FARE, min_value=bound)
        case Below(field, bound) if field in published:
            yield between(field, min_value=bound)
        case Above(field, bound) if field in published:
            yield between(field, max_value=bound)
        case Equals(field, value) if field in published:
            yield gxe.ExpectColumnValuesToNotBeInSet(column=field, value_set=[value], meta={"rule": rule.name})
        case GapBelow(start, end, seconds) if published.issuperset((start, end)):
            yield between(evidence.LASTS_S, min_value=seconds)
        case GapAbove(start, end, seconds) if published.issuperset((start, end)):
            yield between(evidence.LASTS_S, max_value=seconds)
        case OutsideMonth(field) if month is not None and field in published:
            first, after = evidence.ends(month)
            yield between(field, min_value=first, max_value=after, strict_max=True)
        case Twin():
            column = {"refund": evidence.REFUNDS, "shared_trip": evidence.TWINS, "refunded": evidence.REFUNDED}
            yield between(column[rule.name], max_value=0)


def _library() -> ModuleType:
    """Great Expectations, told before its import to count nobody, and spared a check of web addresses (3 s)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as if it were not installed: optional
    import great_expectations

    return great_expectations
