"""Every rule on every row, as a slow reading of the contract says; and each rule alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips.columns import Columns
from course_lib.trips.contract import BIT, RULES, Twin
from course_lib.trips.schema import BRONZE, PROBLEM, UNPARSEABLE
from course_lib.validation.checks import counts, verdicts
from tests.transforms import oracle
from tests.transforms.oracle import COLUMNS, LINE, Read
from tests.transforms.trip_tables import GOOD, trips

QUICK = settings(max_examples=40)
ALONE = [rule.name for rule in RULES if not isinstance(rule.check, Twin)]
OPTIONAL = sorted({*COLUMNS} - {"trip_id", "service", "source_file", "source_row"})
MONTHS = (None, (2020, 10), (2020, 9), (1969, 12), (2100, 12), (2008, 2))


def bronze(rows: list[Read]) -> pa.Table:
    made = []
    for row, problems in rows:
        bits = sum(1 << (UNPARSEABLE if name == LINE else PROBLEM[name]) for name in problems)
        made.append(row | {"problems": bits, "raw": "as it was" if bits else None})
    return pa.Table.from_pylist(made, BRONZE)


def names(verdict: int) -> set[str]:
    return {name for name, bit in BIT.items() if verdict >> bit & 1}


def judged(rows: list[Read], published: frozenset[str] = oracle.ALL, month: Any = None) -> list[set[str]]:
    found = verdicts(Columns(bronze(rows)), published, month)
    assert found.dtype == np.int32
    return [names(verdict) for verdict in found.tolist()]


def read(*problems: str, **values: Any) -> Read:
    """A row that breaks no rule, but for these."""
    return Read(GOOD | {"source_file": "a", "source_row": 1} | values, frozenset(problems))


@st.composite
def reads(draw: st.DrawFn) -> Read:
    """A row as ingestion would hand it over, or with any field null whether or not the row says why."""
    ingested = oracle.ingest("a.csv", [draw(trips())]).rows[0]
    row, problems = dict(ingested.row), set(ingested.problems)
    if draw(st.integers(0, 5)) == 5:
        row, problems = dict.fromkeys(COLUMNS) | {"source_file": "a.csv", "source_row": 1}, {LINE}
    for name in draw(st.lists(st.sampled_from(COLUMNS), max_size=3)):
        row[name] = None
        if draw(st.booleans()):
            problems.add(name)
    return Read(row, frozenset(problems))


def as_published(read: Read, published: frozenset[str]) -> Read:
    """The row of a file that publishes only some fields: the others are null, and have no problems."""
    row = {name: value if name in published else None for name, value in read.row.items()}
    return Read(row, frozenset(name for name in read.problems if name == LINE or name in published))


@QUICK
@given(
    st.lists(reads(), max_size=15),
    st.one_of(st.just(OPTIONAL), st.lists(st.sampled_from(OPTIONAL), max_size=len(OPTIONAL))),
    st.sampled_from(MONTHS),
)
def test_every_rule_is_judged_on_every_row(rows: list[Read], optional: list[str], month: tuple[int, int] | None):
    published = frozenset(optional) | {"trip_id", "service", "source_file", "source_row"}
    rows = [as_published(row, published) for row in rows]

    assert judged(rows, published, month) == [oracle.broken_alone(row, published, month) for row in rows]


BREAKS: dict[str, list[Read]] = {
    "unparseable_line": [Read(dict.fromkeys(COLUMNS), frozenset({LINE}))],
    "required_null": [read(trip_id=None), read(service=None), read(pickup_at=None), read(source_row=None)],
    "outside_type": [read("tip_cents", tip_cents=None), read("pickup_zone", pickup_zone=None), read("vehicle_id")],
    "dropoff_not_after_pickup": [read(dropoff_at=GOOD["pickup_at"] - timedelta(seconds=s)) for s in (0, 1, 90_000)],
    "longer_than_23h": [read(dropoff_at=GOOD["pickup_at"] + timedelta(seconds=s)) for s in (82_801, 10**9)],
    "negative_fare": [read(fare_cents=-1), read(fare_cents=-(2**31))],
    "distance_not_positive": [read(distance_m=0), read(distance_m=-(2**31))],
    "distance_over_100_miles": [read(distance_m=160_935), read(distance_m=2**31 - 1)],
    "unknown_zone": [read(pickup_zone=None), read(dropoff_zone=None), read(pickup_zone=None, dropoff_zone=None)],
    "zero_fare": [read(fare_cents=0)],
    "no_passengers": [read(passengers=0)],
    "codes_all_null": [read(vendor_id=None, rate_code=None, payment_type=None, passengers=None)],
    "outside_month": [
        read(pickup_at=at, dropoff_at=at + timedelta(minutes=1))
        for at in (
            datetime(2020, 9, 30, 23, 59, 59),
            datetime(2020, 11, 1),
            datetime(1969, 10, 1),
            datetime(2021, 10, 1),
        )
    ],
}


@pytest.mark.parametrize("name", ALONE)
def test_a_row_may_break_this_rule_alone(name: str):
    assert judged(BREAKS[name], month=(2020, 10)) == [{name}] * len(BREAKS[name])


def test_every_rule_is_broken_by_some_row_here():
    assert list(BREAKS) == ALONE


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(read(), id="an ordinary trip"),
        pytest.param(read(dropoff_at=GOOD["pickup_at"] + timedelta(seconds=1)), id="one second"),
        pytest.param(read(dropoff_at=GOOD["pickup_at"] + timedelta(hours=23)), id="23 hours"),
        pytest.param(read(distance_m=1), id="one metre"),
        pytest.param(read(distance_m=160_934), id="100 miles"),
        pytest.param(read(fare_cents=1), id="one cent"),
        pytest.param(read(vendor_id=None, rate_code=None, payment_type=None), id="one code of four"),
        pytest.param(read(pickup_at=datetime(2020, 10, 31, 23, 59, 59), dropoff_at=None), id="the month's last second"),
        pytest.param(read(**dict.fromkeys(("dropoff_at", "distance_m", "fare_cents", "operator"))), id="nulls"),
    ],
)
def test_what_lies_within_the_limits_breaks_nothing(row: Read):
    assert judged([row], month=(2020, 10)) == [set()]


@pytest.mark.parametrize("month", [(2020, 12), (2020, 2), (1969, 12), (1900, 1)])
def test_a_month_ends_where_the_next_begins(month: tuple[int, int]):
    first = datetime(*month, 1)
    after = datetime(month[0] + month[1] // 12, month[1] % 12 + 1, 1)
    starts = [first - timedelta(seconds=1), first, after - timedelta(seconds=1), after]

    found = judged([read(pickup_at=at, dropoff_at=None) for at in starts], month=month)
    assert ["outside_month" in broken for broken in found] == [True, False, False, True]


def test_a_field_that_is_not_published_breaks_no_rule():
    fhv = frozenset({"trip_id", "service", "source_file", "source_row", "pickup_at", "operator"})
    nothing = read(**dict.fromkeys(set(COLUMNS) - fhv))

    assert judged([nothing], fhv, (2020, 10)) == [set()]


def test_a_null_whose_value_could_not_be_read_has_one_reason():
    odd = read("pickup_at", "pickup_zone", "passengers", pickup_at=None, pickup_zone=None, passengers=None)
    codes = dict.fromkeys(("vendor_id", "rate_code", "payment_type"))

    assert judged([odd, Read(odd.row | codes, odd.problems)]) == [{"outside_type"}] * 2


def test_a_problem_of_one_field_excuses_no_other():
    codes = dict.fromkeys(("vendor_id", "rate_code", "payment_type", "passengers"))
    row = read("tip_cents", tip_cents=None, pickup_zone=None, trip_id=None, **codes)

    assert judged([row]) == [{"outside_type", "unknown_zone", "required_null", "codes_all_null"}]


def test_a_row_has_all_its_reasons():
    worst = read("tip_cents", dropoff_at=GOOD["pickup_at"], fare_cents=-1, distance_m=0, trip_id=None, passengers=0)

    assert judged([worst]) == [
        {
            "outside_type",
            "dropoff_not_after_pickup",
            "negative_fare",
            "distance_not_positive",
            "required_null",
            "no_passengers",
        }
    ]


@QUICK
@given(st.lists(st.lists(st.sampled_from(list(BIT)), unique=True), max_size=20))
def test_counts_are_the_rows_that_break_each_rule_and_none_is_left_out(rows: list[list[str]]):
    found = np.array([sum(1 << BIT[name] for name in row) for row in rows], np.int32)
    told = {name: sum(name in row for row in rows) for name in BIT}

    assert counts(found) == {name: rows for name, rows in told.items() if rows}


def test_no_rows_break_nothing():
    assert judged([]) == []
    assert counts(np.zeros(0, np.int32)) == {}
