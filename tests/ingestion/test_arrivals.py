"""Do fitted rates and their intervals mean what they say?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, poisson

from course_lib.ingestion.arrivals import (
    DAY,
    HOUR,
    Rhythm,
    arrival_rate,
    counts,
    dispersion,
    expected,
    fit_rhythm,
    kolmogorov,
    poisson_interval,
    rescaled,
    simulate,
)

RHYTHM = 20 + 15 * np.sin(np.arange(24) * 2 * np.pi / 24)  # arrivals an hour


@given(st.integers(0, 500), st.floats(0.1, 100), st.floats(0.5, 0.99))
def test_at_the_ends_of_the_interval_the_count_is_just_unlikely(count: int, hours: float, confidence: float):
    found, tail = poisson_interval(count, hours, confidence), (1 - confidence) / 2

    assert poisson.cdf(count, found.high * hours) == pytest.approx(tail, rel=1e-6)
    if count:
        assert poisson.sf(count - 1, found.low * hours) == pytest.approx(tail, rel=1e-6)
    assert found.low <= found.rate <= found.high


def test_no_arrival_says_little_but_something():
    found = poisson_interval(0, hours=1)

    assert (found.rate, found.low) == (0, 0)
    assert found.high == pytest.approx(3.689, abs=0.001)  # the rule of three, two-sided


def test_the_interval_covers_the_true_rate_as_often_as_promised():
    draws = np.random.default_rng(7).poisson(12, 2000)
    covered = np.mean([low <= 12 <= high for _, low, high in (poisson_interval(int(n), 1, 0.9) for n in draws)])

    assert 0.9 <= covered <= 0.95  # exact intervals of a discrete law cover a little more


@pytest.mark.parametrize(("count", "hours", "confidence"), [(-1, 1, 0.9), (1, 0, 0.9), (1, 1, 1.0), (1, 1, 0.0)])
def test_nonsense_is_refused(count: int, hours: float, confidence: float):
    with pytest.raises(ValueError, match="say nothing about a rate"):
        poisson_interval(count, hours, confidence)


def test_an_interval_of_time_is_half_open():
    assert arrival_rate(np.array([0, 1800, 3600, -1]), 0, 3600).rate == 2
    assert list(counts(np.array([0, 59, 60, 119, 120, -1]), 0, 120, 60)) == [2, 2]
    with pytest.raises(ValueError, match="no time at all"):
        arrival_rate(np.array([1]), 5, 5)


def test_a_rhythm_is_found_again():
    times = simulate(RHYTHM, days=100, seed=7)
    found = fit_rhythm(times, 0, 100 * DAY, confidence=0.999)

    assert ((found.low < RHYTHM) & (found.high > RHYTHM)).all()
    assert (found.hours == 100).all()


def test_hours_that_were_not_observed_have_no_rate():
    found = fit_rhythm(np.array([10.0]), 0, 3 * HOUR)

    assert list(found.hours[:4]) == [1, 1, 1, 0]
    assert found.rate[0] == 1 and np.isnan(found.rate[3])


def test_a_day_that_begins_later_is_counted_by_the_hour_of_the_day():
    found = fit_rhythm(np.array([22.5 * HOUR, 24.5 * HOUR]), 22 * HOUR, 26 * HOUR)

    assert [int(hour) for hour in np.flatnonzero(found.rate > 0)] == [0, 22]


def test_the_right_rhythm_leaves_uniform_times_and_one_rate_does_not():
    times = simulate(RHYTHM, days=60, seed=3)
    flat = np.full(24, RHYTHM.mean())
    right, wrong = (
        kolmogorov(rescaled(times, Rhythm(rate, rate, rate, rate), 0, 60 * DAY)).p for rate in (RHYTHM, flat)
    )

    assert right > 0.01
    assert wrong < right


@given(st.lists(st.floats(0, 1), min_size=40, max_size=200))
def test_the_test_of_uniformity_agrees_with_scipy(numbers: list[float]):
    found, theirs = kolmogorov(np.array(numbers)), kstest(numbers, "uniform", mode="asymp")

    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-9)


def test_dispersion_tells_spaced_from_random_from_clustered():
    draw = np.random.default_rng(7)
    random = dispersion(draw.poisson(50, 500))
    spaced = dispersion(np.full(500, 50) + draw.integers(-1, 2, 500))
    clustered = dispersion(draw.poisson(draw.gamma(5, 10, 500)))

    assert 0.8 < random.statistic < 1.2 and random.p > 0.01
    assert spaced.statistic < 0.1 and spaced.p < 1e-9
    assert clustered.statistic > 5 and clustered.p < 1e-9


def test_expected_counts_are_the_integral_of_the_rate():
    flat = Rhythm(np.full(24, 60.0), *np.zeros((3, 24)))

    assert expected(flat, 90, 90 + 5 * 60, 60) == pytest.approx([1.0] * 5)
    rising = Rhythm(np.arange(24.0), *np.zeros((3, 24)))
    assert expected(rising, 0, 2 * DAY, 2 * HOUR)[:2] == pytest.approx([1, 5])
    assert expected(rising, 0, 2 * DAY, DAY) == pytest.approx([276, 276])


def test_a_week_has_a_rhythm_of_its_own():
    week = np.concatenate([np.full(120, 30.0), np.full(48, 5.0)])
    times = simulate(week, days=70, seed=1)
    daily, weekly = (fit_rhythm(times, 0, 70 * DAY, period=hours) for hours in (24, 168))
    found = counts(times, 0, 70 * DAY, DAY)

    assert weekly.rate[:120].mean() == pytest.approx(30, rel=0.05)
    assert dispersion(found, expected(weekly, 0, 70 * DAY, DAY), 2).p > 0.01
    assert dispersion(found, expected(daily, 0, 70 * DAY, DAY), 2).p < 1e-9


def test_what_cannot_happen_and_does_is_told():
    assert dispersion(np.array([1, 2]), np.array([0.0, 2.0])).p == 0
    assert dispersion(np.array([0, 2, 3]), np.array([0.0, 2.0, 3.0])).statistic == 0


def test_whole_hours_are_asked_for():
    with pytest.raises(ValueError, match="no whole hours"):
        fit_rhythm(np.array([]), 10, HOUR)
