"""Refunds and shared trips are found as pairwise comparison finds them."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips.columns import Columns
from course_lib.trips.schema import CANONICAL
from course_lib.validation.twins import FIELDS, twins
from tests.transforms.trip_tables import GOOD

QUICK = settings(max_examples=60)
AT = datetime(2020, 10, 1)
NAMES = ("trip_id", "service", *FIELDS, "fare_cents")
Row = dict[str, Any]

TRIPS = st.lists(
    st.fixed_dictionaries(
        {
            "trip_id": st.sampled_from((None, 0, 1, 2, 3, -(2**63), 2**63 - 1)),
            "service": st.sampled_from(("green", "yellow", None)),
            "pickup_at": st.sampled_from((AT, datetime(1969, 12, 31))),
            "dropoff_at": st.sampled_from((AT, AT, None)),
            "pickup_zone": st.sampled_from((7, 7, None)),
            "dropoff_zone": st.sampled_from((7, None, None)),
            "distance_m": st.sampled_from((0, 0, None)),
            "fare_cents": st.sampled_from((500, -500, 700, -1, 0, None)),
        }
    ),
    max_size=14,
)


def columns(rows: list[Row]) -> Columns:
    return Columns(pa.Table.from_pylist(rows, pa.schema([CANONICAL.field(name) for name in NAMES])))


def by_pairs(rows: list[Row]) -> list[tuple[bool, bool, bool]]:
    """What each row hears from all others that are alike and another trip."""
    told = []
    for row in rows:
        alike = [
            other["fare_cents"] or 0
            for other in rows
            if other["trip_id"] != row["trip_id"] and all(other[name] == row[name] for name in ("service", *FIELDS))
        ]
        fare = row["fare_cents"] or 0
        told.append((bool(alike), fare < 0 < max(alike, default=0), fare > 0 > min(alike, default=0)))
    return told


def found(rows: list[Row]) -> list[tuple[bool, bool, bool]]:
    return list(zip(*(mask.tolist() for mask in twins(columns(rows))), strict=True))


@QUICK
@given(TRIPS)
def test_twins_are_what_comparing_all_pairs_finds(rows: list[Row]):
    assert found(rows) == by_pairs(rows)


@QUICK
@given(TRIPS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count(rows: list[Row], draw: random.Random):
    order = draw.sample(range(len(rows)), len(rows))

    assert found([rows[i] for i in order]) == [found(rows)[i] for i in order]


def trip(**values: Any) -> Row:
    return {name: GOOD[name] for name in NAMES} | values


def test_a_refund_and_the_trip_it_refunds():
    assert found([trip(trip_id=1), trip(trip_id=2, fare_cents=-500)]) == [(True, False, True), (True, True, False)]


def test_a_refund_need_not_be_of_the_same_amount():
    assert found([trip(trip_id=1), trip(trip_id=2, fare_cents=-1)])[1] == (True, True, False)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(trip(trip_id=2, distance_m=1501, fare_cents=-500), id="another distance"),
        pytest.param(trip(trip_id=2, service="yellow", fare_cents=-500), id="another service"),
        pytest.param(trip(trip_id=2, pickup_zone=None, fare_cents=-500), id="an unknown zone"),
        pytest.param(trip(trip_id=1, fare_cents=-500), id="another version of the same trip"),
    ],
)
def test_what_refunds_nothing(other: Row):
    assert found([trip(trip_id=1), other]) == [(False, False, False)] * 2


def test_a_trip_without_an_id_is_another_trip_than_that_with_the_id_0():
    assert found([trip(trip_id=0), trip(trip_id=None)]) == [(True, False, False)] * 2
    assert found([trip(trip_id=None), trip(trip_id=None)]) == [(False, False, False)] * 2


def test_two_negative_fares_refund_one_trip_and_a_free_ride_none():
    rows = [trip(trip_id=1), trip(trip_id=2, fare_cents=-500), trip(trip_id=3, fare_cents=-500)]
    free = [trip(trip_id=1, fare_cents=0), trip(trip_id=2, fare_cents=-500), trip(trip_id=3, fare_cents=None)]

    assert [row.count(True) for row in found(rows)] == [2, 2, 2]
    assert found(free) == [(True, False, False)] * 3


def test_no_rows_have_no_twins():
    assert found([]) == []
