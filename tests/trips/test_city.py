"""The tables of the city against the slow definition of what they should be."""

import calendar
import math

import numpy as np
import pytest

from course_lib.trips import city
from course_lib.trips.city import DESTINATION_BITS, N_ZONES, ORIGIN_BITS, QUANTILE_BITS, TIDES


@pytest.fixture(scope="module")
def town():
    return city.city(7)


def test_same_seed_same_city(town):
    again, other = city.city(7), city.city(8)

    assert all((getattr(town, name) == getattr(again, name)).all() for name in vars(town))
    assert (town.origin != other.origin).mean() > 0.5


def test_popularity_follows_zipf(town):
    assert sorted(1 / town.popularity) == pytest.approx(range(1, N_ZONES + 1))


def test_each_tide_of_origins_has_the_popular_zones(town):
    share = np.bincount(town.origin, minlength=N_ZONES) / len(town.origin)
    zipf = town.popularity / town.popularity.sum()

    assert len(town.origin) == TIDES << ORIGIN_BITS
    assert (share > 0).all()
    assert share == pytest.approx(zipf, rel=0.25, abs=2 / (1 << ORIGIN_BITS))


def test_distances_are_streets_between_places(town):
    a, b = 17, 200
    flown = math.dist((town.x_m[a], town.y_m[a]), (town.x_m[b], town.y_m[b]))

    distance = town.distance_m.reshape(N_ZONES, N_ZONES)[a, b]

    assert 1.3 * flown + 400 <= distance <= 1.3 * flown + 1000


def test_near_destinations_are_likelier(town):
    distance = town.distance_m.reshape(N_ZONES, N_ZONES)
    reached = town.destination.reshape(N_ZONES, 1 << DESTINATION_BITS)
    to_chosen = np.take_along_axis(distance, reached, axis=1).mean()
    by_popularity = (distance * town.popularity).sum() / town.popularity.sum() / N_ZONES

    assert to_chosen < 0.75 * by_popularity


@pytest.mark.parametrize(("year", "number"), [(2024, 2), (2023, 2), (2024, 12), (2009, 1), (2100, 2)])
def test_a_month_has_its_length(year, number):
    month = city.month(7, year, number)

    days = calendar.monthrange(year, number)[1]
    assert month.seconds == days * 86_400
    assert len(month.pace) == len(month.tide) == len(month.surcharge_cents) == days * 24
    assert month.start_s == calendar.timegm((year, number, 1, 0, 0, 0))


def test_quantiles_run_through_the_month():
    month = city.month(7, 2024, 3)

    assert len(month.quantile_s) == 1 << QUANTILE_BITS
    assert month.quantile_s[0] == 0
    assert (month.quantile_width_s > 0).all()
    assert float(month.quantile_s[-1] + month.quantile_width_s[-1]) == month.seconds
    ends = month.quantile_s[:-1] + month.quantile_width_s[:-1]
    assert np.abs(ends - month.quantile_s[1:]).max() <= 0.25  # the grain of a float32 of two million


def test_quantiles_of_a_rate_are_its_inverse():
    quantiles = city._when(np.array([1, 3]), 10)  # a quarter of the events in the first 10 s

    assert quantiles[1 << QUANTILE_BITS - 2] == pytest.approx(10)
    assert quantiles[1 << QUANTILE_BITS - 3] == pytest.approx(5)
    assert quantiles[5 << QUANTILE_BITS - 3] == pytest.approx(15)


def test_the_rate_goes_straight_between_the_middles_of_hours():
    quarters = city._by_quarter(np.array([8.0, 16.0, 8.0]))

    assert quarters.tolist() == [8000, 8000, 9000, 11000, 13000, 15000, 15000, 13000, 11000, 9000, 8000, 8000]


def test_noise_tables_have_the_moments_of_their_laws():
    factors, waits = city.lognormal(0.28), city.exponential(240)

    assert np.median(factors) == pytest.approx(1, abs=1e-3)
    assert np.log(factors).std() == pytest.approx(0.28, rel=0.01)
    assert waits.mean() == pytest.approx(240, rel=0.01)
    assert (np.diff(factors) >= 0).all() and (np.diff(waits) >= 0).all()
