"""Sound trips: each one a function of its number, together a city."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion import synthetic
from course_lib.trips.generator import Settings, World
from course_lib.trips.rides import CHUNK, LONGEST_S, Scratch, ride
from course_lib.trips.rows import PARTS, Rows

SOUND = {"codes_null": 0.1}  # a tail, and nothing broken


@lru_cache(maxsize=4)
def world(trips: int = 60_000, seed: int = 7) -> World:
    return World(Settings(trips=trips, seed=seed, rates=SOUND))


def rides(world: World, file: int, numbers: list[int], *, tail: bool = False) -> pd.DataFrame:
    """The trips of those numbers, asked for all at once."""
    rows = Rows.empty(len(numbers))
    ride(world.block(file, tail=tail), np.array(numbers, np.uint64), rows, Scratch.empty())
    return synthetic.table(rows).to_pandas()


@pytest.fixture(scope="module")
def month() -> pd.DataFrame:
    """The main part of February."""
    town = world()
    chunks = [range(at, min(at + CHUNK, town.mains[1])) for at in range(0, town.mains[1], CHUNK)]
    return pd.concat([rides(town, 1, list(chunk)) for chunk in chunks], ignore_index=True)


@given(st.lists(st.integers(0, world().mains[1] - 1), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_trip_does_not_know_the_others(month, numbers):
    pd.testing.assert_frame_equal(rides(world(), 1, numbers), month.iloc[numbers].reset_index(drop=True))


def test_every_value_is_plausible(month):
    seconds = (month.dropoff_at - month.pickup_at).dt.total_seconds()
    zones = pd.concat([month.pickup_zone, month.dropoff_zone])

    assert month.notna().drop(columns="operator").all(axis=None)
    assert (month.pickup_at.dt.strftime("%Y-%m") == "2024-02").all()
    assert seconds.between(46, LONGEST_S).all()
    assert zones.between(1, 263).all()
    assert month.distance_m.between(200, 160_000).all()
    assert month.fare_cents.ge(300).all()
    assert (month.fare_cents % 10 == 0).all()
    assert (month.total_cents == sum(month[part] for part in PARTS)).all()
    assert (month[list(PARTS)] >= 0).all(axis=None)
    assert (month.tip_cents[month.payment_type != 1] == 0).all()
    assert (month.updated_at > month.dropoff_at).all()
    assert set(month.vendor_id) == {1, 2}
    assert set(month.passengers) == {1, 2, 3, 4, 5, 6}
    assert month.trip_id.is_unique


def test_months_and_tails_have_trips_of_their_own(month):
    town = world()
    tail = rides(town, 1, list(range(town.mains[1], town.sizes[1])), tail=True)

    ids = pd.concat([month.trip_id, tail.trip_id, rides(town, 0, [0, 1, 2]).trip_id])
    assert ids.is_unique
    assert tail.pickup_at.dt.day.nunique() == 29  # the tail spreads over the month again


def test_pickups_have_a_daily_and_a_weekly_rhythm(month):
    by_hour = month.groupby(month.pickup_at.dt.hour).size()
    by_weekday = month.groupby(month.pickup_at.dt.weekday).size() / [4, 4, 4, 5, 4, 4, 4]  # February 2024 by weekday
    at_three = month[month.pickup_at.dt.hour == 3]
    weekend = at_three.pickup_at.dt.weekday.ge(5).mean()

    assert by_hour.loc[[17, 18, 19]].min() > 5 * by_hour.loc[[3, 4]].max()
    assert by_weekday.idxmin() in (0, 6) and by_weekday.max() > 1.1 * by_weekday.min()
    assert weekend > 0.5  # two of seven days, but most of the nights out


def test_demand_is_skewed_as_zipf_has_it(month):
    shares = month.pickup_zone.value_counts(normalize=True).to_numpy()

    harmonic = sum(1 / rank for rank in range(1, 264))
    assert shares[0] == pytest.approx(1 / harmonic, rel=0.1)
    assert shares[:10].sum() == pytest.approx(sum(1 / rank for rank in range(1, 11)) / harmonic, rel=0.1)


def test_the_file_is_in_order_of_pickup_up_to_an_hour_or_so(month):
    out_of_order = (month.pickup_at.diff().dt.total_seconds() < 0).mean()
    delay = (month.pickup_at.cummax() - month.pickup_at).dt.total_seconds()

    assert out_of_order > 0.3
    assert delay.quantile(0.9) < 2 * 3600


def test_duration_is_known_by_zones_and_hour_but_not_by_hour_alone(month):
    seconds = (month.dropoff_at - month.pickup_at).dt.total_seconds()
    hour = month.pickup_at.dt.hour

    def error(by: list) -> float:
        """The mean absolute error of the mean of the other trips alike, where there are at least 20."""
        groups = seconds.groupby(by)
        count, total = groups.transform("size"), groups.transform("sum")
        enough = count >= 20
        return ((total - seconds) / (count - 1) - seconds)[enough].abs().mean()

    assert error([month.pickup_zone, month.dropoff_zone]) < 0.7 * error([month.pickup_zone, hour])


def test_traffic_is_slower_at_the_evening_rush(month):
    pace = (month.dropoff_at - month.pickup_at).dt.total_seconds() / month.distance_m
    by_hour = pace.groupby(month.pickup_at.dt.hour).median()

    assert by_hour[17] > 1.3 * by_hour[4]


def test_a_vehicle_is_mostly_in_one_place_at_a_time(month):
    month = month.sort_values(["vehicle_id", "pickup_at"])
    same = month.vehicle_id.diff() == 0
    overlaps = same & (month.pickup_at < month.dropoff_at.shift())
    a_day = month.groupby("vehicle_id").size() / 29
    services = month.groupby("vehicle_id").service.nunique()

    assert overlaps.mean() < 0.08
    assert (services == 1).all()
    assert a_day.mean() == pytest.approx(20, rel=0.25)
    assert a_day.quantile(0.9) > 1.5 * a_day.quantile(0.1)  # some drive more than others
    assert set(month.service) == {"yellow", "green"}


@pytest.mark.parametrize("trips", [3, 100, 5_000])
def test_few_trips_spread_over_the_month_too(trips):
    town = World(Settings(trips=trips, months=1, rates={}))

    days = rides(town, 0, list(range(trips))).pickup_at.dt.day

    assert days.max() - days.min() >= 31 * (1 - 4 / trips) - 8
