from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features import tables
from course_lib.features.tables import (
    CITY_TABLE,
    ROUTE_TABLE,
    ZONE_TABLE,
    Sums,
    city_table,
    route_table,
    spread,
    zone_table,
)
from tests.features.feature_cases import (
    DAY,
    HOUR,
    START,
    Trip,
    city_known,
    route_day,
    route_known,
    some_trips,
    unhurried,
    zone_ended_hour,
    zone_known,
)

TRIPS = st.lists(
    st.builds(
        Trip,
        trip_id=st.integers(0, 2**62),
        pickup_at=st.integers(0, 40 * 86_400).map(lambda s: START + timedelta(seconds=s)),
        seconds=st.one_of(st.integers(1, 7200), st.just(82_800)),
        pickup_zone=st.integers(1, 3),
        dropoff_zone=st.one_of(st.none(), st.integers(1, 2)),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda trip: trip.trip_id,
)
MOMENTS = st.one_of(
    st.integers(0, 80 * 86_400).map(lambda s: START + timedelta(seconds=s)),
    st.integers(0, 80 * 24).map(lambda h: START + timedelta(hours=h)),  # on the border
)


def build(trips: list[Trip]) -> tuple[pa.Table, pa.Table, pa.Table]:
    city = city_table(zone_ended_hour(trips))
    zone = zone_table(zone_ended_hour(trips), city)
    return city, zone, route_table(route_day(trips), zone)


def known(table: pa.Table, at: datetime, **key: int) -> dict:
    """The newest row of `key` by then, found row by row; all None where there is none."""
    names = [name for name in table.column_names if name not in (*key, "event_timestamp", "city")]
    rows = [row for row in table.to_pylist() if row["event_timestamp"] <= at and key.items() <= row.items()]
    newest = max(rows, key=lambda row: row["event_timestamp"], default=dict.fromkeys(names))
    return {name: newest[name] for name in names}


@unhurried
@given(TRIPS, MOMENTS)
def test_the_tables_know_what_the_trips_that_ended_by_then_say(trips, at):
    city, zone, route = build(trips)

    assert known(city, at) == city_known(trips, at)
    for start in (1, 2, 3):
        assert known(zone, at, pickup_zone=start) == zone_known(trips, start, at)
        for end in (1, 2):
            said = known(route, at, pickup_zone=start, dropoff_zone=end)
            expected = route_known(trips, (start, end), at)
            spreads = (said.pop("route_spread_28d_s"), expected.pop("route_spread_28d_s"))
            assert said == expected
            assert spreads == (None, None) or spreads[0] == pytest.approx(spreads[1], rel=1e-9, abs=1e-6)


@unhurried
@given(TRIPS, MOMENTS)
def test_trips_that_end_later_change_nothing_that_was_known(trips, now):
    past = [trip for trip in trips if trip.dropoff_at <= now]

    def until_now(tables):
        return [[row for row in table.to_pylist() if row["event_timestamp"] <= now] for table in tables]

    if past:
        assert until_now(build(past)) == until_now(build(trips))


@unhurried
@given(TRIPS, st.randoms(use_true_random=False))
def test_neither_the_order_of_gold_nor_how_its_sums_are_cut_matters(trips, random):
    def cut(table: pa.Table) -> pa.Table:
        """The same sums in two parts per row, in another order."""
        rows = []
        for row in table.to_pylist():
            part = {name: random.randint(0, row[name]) for name in Sums._fields}
            rows += [row | part, row | {name: row[name] - part[name] for name in Sums._fields}]
        random.shuffle(rows)
        return pa.Table.from_pylist(rows, table.schema)

    zones, routes = cut(zone_ended_hour(trips)), cut(route_day(trips))
    city = city_table(zones)
    zone = zone_table(zones, city)

    for made, expected in zip((city, zone, route_table(routes, zone)), build(trips), strict=True):
        assert made.equals(expected)


def test_a_row_stands_wherever_a_value_changes_also_to_nothing():
    trip = Trip(1, START, 600, 1, 2)

    _, zone, route = build([trip])

    at = zone["event_timestamp"].to_pylist()
    assert at == [START + HOUR, START + 2 * HOUR, START + 25 * HOUR]
    assert zone["zone_trips_1h"].to_pylist() == [1, 0, 0]
    assert zone["zone_trips_24h"].to_pylist() == [1, 1, 0]
    assert zone["zone_mean_24h_s"].to_pylist() == [600, 600, None]
    assert route["event_timestamp"].to_pylist() == [START + DAY, START + 29 * DAY]
    assert route["route_trips_28d"].to_pylist() == [1, 0]
    assert route["route_mean_28d_s"].to_pylist() == [600, 600]  # the zone's, once its own are gone


def test_a_trip_that_ends_with_the_hour_is_known_an_hour_later():
    on_the_hour, before = Trip(1, START, 3600, 1, 1), Trip(2, START, 3599, 2, 1)

    zone = build([on_the_hour, before])[1]

    assert known(zone, START + HOUR, pickup_zone=1)["zone_trips_1h"] is None
    assert known(zone, START + HOUR, pickup_zone=2)["zone_trips_1h"] == 1
    assert known(zone, START + 2 * HOUR, pickup_zone=1)["zone_trips_1h"] == 1


def test_trips_centuries_apart_need_no_rows_between_them():
    trips = [Trip(1, datetime(1, 1, 1), 60, 1, 1), Trip(2, datetime(9999, 12, 1), 120, 1, 1)]

    city, zone, route = build(trips)

    assert [table.num_rows for table in (city, zone, route)] == [6, 6, 4]
    assert zone["zone_mean_s"].to_pylist()[-1] == 90


def test_no_trips_make_empty_tables_of_the_right_schema():
    tables = build([])

    assert [table.num_rows for table in tables] == [0, 0, 0]
    assert [table.schema for table in tables] == [CITY_TABLE, ZONE_TABLE, ROUTE_TABLE]


def test_every_value_fits_its_schema():
    for table in build(some_trips(300, days=40)):
        table.validate(full=True)


def test_a_route_with_an_unknown_end_and_no_prior_says_its_own_mean():
    routes = route_day([Trip(1, START, 600, 9, 1)])
    routes = routes.set_column(2, "dropoff_zone", pa.array([None], pa.int32()))

    route = route_table(routes, build([Trip(2, START, 60, 1, 1)])[1])

    assert route["dropoff_zone"].to_pylist() == [0, 0]
    assert route["route_mean_28d_s"].to_pylist() == [600, None]


@unhurried
@given(st.lists(st.integers(1, 82_800), min_size=2, max_size=20), st.integers(1, 10**6))
def test_the_spread_is_the_standard_deviation_to_the_last_digits(seconds, times):
    squares = sum(s * s for s in seconds)
    sums = Sums(*(np.array([n * times]) for n in (len(seconds), sum(seconds), squares)))

    assert spread(sums)[0] == pytest.approx(float(np.std(np.array(seconds, np.float64))), rel=1e-9, abs=1e-9)


def test_a_small_spread_around_a_large_mean_keeps_its_digits():
    seconds = np.array([82_799, 82_800, 82_800] * 1_000_000)
    sums = Sums(*(np.array([n]) for n in (len(seconds), seconds.sum(), (seconds * seconds).sum())))

    assert spread(sums)[0] == pytest.approx((2 / 9) ** 0.5, rel=1e-12)


def test_the_spread_of_equal_trips_is_exactly_zero_even_where_sums_of_squares_pass_64_bits():
    many = 2_000_000_000
    wrapped = (many * 82_800**2) % 2**64
    wrapped -= 2**64 if wrapped >= 2**63 else 0
    sums = Sums(np.array([many]), np.array([many * 82_800]), np.array([wrapped]))

    assert spread(sums)[0] == 0.0


def test_routes_worked_on_in_small_blocks_are_the_same_routes(monkeypatch):
    trips = some_trips(300, days=40, zones=6)
    whole = build(trips)[2]
    monkeypatch.setattr(tables, "BLOCK", 7)

    assert build(trips)[2].equals(whole)
