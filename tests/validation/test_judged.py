"""The whole contract on one table, twins included, as a slow reading of its words says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.trips.contract import BIT, ERROR_NAMES
from course_lib.validation.judged import broken, disagreements, judged, refused, told
from tests.transforms import oracle
from tests.transforms.oracle import Read
from tests.validation.test_checks import MONTHS, OPTIONAL, QUICK, as_published, bronze, names, read, reads

ALWAYS = {"trip_id", "service", "source_file", "source_row"}
PUBLISHED = st.one_of(st.just(OPTIONAL), st.lists(st.sampled_from(OPTIONAL), max_size=len(OPTIONAL)))


def expected(rows: list[Read], published: frozenset[str], month: Any) -> list[set[str]]:
    """What the oracle of the batch path says of these rows as one file."""
    alone = [oracle.broken_alone(row, published, month) for row in rows]
    if published.issuperset(oracle.TWIN):
        oracle._judge_twins(list(zip([row.row for row in rows], alone, strict=True)))
    return alone


@QUICK
@given(st.lists(reads(), max_size=25), PUBLISHED, st.sampled_from(MONTHS))
def test_every_rule_is_judged_on_every_row_twins_included(rows: list[Read], optional: list[str], month: Any):
    published = frozenset(optional) | ALWAYS
    rows = [as_published(row, published) for row in rows]

    found = judged(bronze(rows), published, month)
    assert [names(verdict) for verdict in found.tolist()] == expected(rows, published, month)


def test_a_refund_is_no_negative_fare():
    paid, back = read(trip_id=1, fare_cents=500), read(trip_id=2, fare_cents=-500)

    assert [told(verdict) for verdict in judged(bronze([paid, back])).tolist()] == [
        ("shared_trip", "refunded"),
        ("refund", "shared_trip"),
    ]


def test_where_a_key_of_twins_is_not_published_nobody_has_a_twin():
    paid, back = read(trip_id=1, fare_cents=500), read(trip_id=2, fare_cents=-500)
    published = oracle.ALL - {"pickup_zone"}
    rows = [as_published(row, published) for row in (paid, back)]

    assert [told(verdict) for verdict in judged(bronze(rows), published).tolist()] == [(), ("negative_fare",)]


def test_errors_refuse_and_warnings_do_not():
    found = np.array([0, *(1 << bit for bit in BIT.values())], np.int32)

    assert refused(found).tolist() == [False, *(name in ERROR_NAMES for name in BIT)]
    assert [broken(found, name).tolist().index(True) for name in BIT] == list(range(1, len(BIT) + 1))


def test_disagreements_tell_who_found_more():
    ours = np.array([1 << BIT["refund"], 0, 0], np.int32)
    theirs = np.array([0, 1 << BIT["refund"], 1 << BIT["refund"]], np.int32)

    assert disagreements(ours, theirs) == {"refund": (1, 2)}
    assert disagreements(ours, ours) == {}


def test_verdicts_on_other_rows_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        disagreements(np.zeros(2, np.int32), np.zeros(3, np.int32))
