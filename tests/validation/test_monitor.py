from __future__ import annotations

import numpy as np
import pytest

from course_lib.validation.monitor import Cusum, Threshold, WeekOverWeek, trial, usual
from course_lib.validation.practice import daily

MONITORS = {"week over week": WeekOverWeek, "threshold": Threshold, "cusum": Cusum}
FLAT = [100.0 + day * 37 % 5 for day in range(56)]


def trials(make, change_at=None, size=0.0, days=280, streams=60):
    found = []
    for seed in range(streams):
        whole = daily(seed, 84 + days, None if change_at is None else 84 + change_at, size)
        found.append(trial(make, whole[:84], whole[84:], change_at))
    return found


def false_alarms_a_year(make) -> float:
    found = trials(make)
    return 365 * sum(one.false_alarms for one in found) / sum(one.quiet_days for one in found)


def test_what_is_usual_is_the_mean_of_its_day_of_the_week():
    week = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0])
    of = usual([*(week - 1), *(week + 1)])

    assert of.means == pytest.approx(week)
    assert of.spread == pytest.approx(np.sqrt(14 / 7))  # 14 days less 7 means
    assert of.scaled(8, 20 + of.spread) == pytest.approx(1)


@pytest.mark.parametrize(
    ("history", "said"),
    [([1.0] * 13, "at least two"), ([1.0] * 14, "does not vary"), ([np.nan] * 20, "measured")],
)
def test_a_history_that_tells_nothing_is_refused(history, said):
    with pytest.raises(ValueError, match=said):
        Cusum(history)


@pytest.mark.parametrize("make", MONITORS.values(), ids=MONITORS.keys())
def test_a_large_change_is_seen_within_days(make):
    assert all(one.delay is not None and one.delay <= 3 for one in trials(make, 40, 12.0, days=60, streams=20))


def test_small_changes_that_stay_are_seen_by_what_adds_up():
    delays = {
        name: np.median([one.delay if one.delay is not None else 240 for one in trials(make, 40, 1.0)])
        for name, make in MONITORS.items()
    }

    assert delays["cusum"] < 20 < delays["threshold"]


def test_the_cusum_rings_about_as_rarely_as_three_sigma():
    rates = {name: false_alarms_a_year(make) for name, make in MONITORS.items()}

    assert rates["cusum"] < 3
    assert rates["threshold"] < 3
    assert rates["week over week"] > 5 * max(rates["cusum"], rates["threshold"])


def test_the_run_lengths_are_those_of_the_textbook():
    """Montgomery, chapter 9: slack 0.5, limit 5: 465 days between false alarms, 10.4 to a change of one."""
    rng = np.random.default_rng(1)
    history = rng.normal(size=7_000)  # long, so that what is usual is known
    quiet = trial(Cusum, history, rng.normal(size=100_000))
    changed = [trial(Cusum, history, rng.normal(1, size=200), 0).delay for _ in range(400)]

    assert 100_000 / quiet.false_alarms == pytest.approx(465, rel=0.25)
    assert np.mean(changed) + 1 == pytest.approx(10.4, rel=0.15)


def test_an_alarm_starts_again_from_nothing():
    monitor = Cusum(FLAT)
    while not monitor.update(1000.0):
        pass

    assert (monitor.above, monitor.below) == (0.0, 0.0)


def test_a_fall_is_seen_like_a_rise():
    assert [Threshold(FLAT).update(102 - away) for away in (0, 50, -50)] == [False, True, True]
    assert Cusum(FLAT).update(0.0) and Cusum(FLAT).update(200.0)


def test_a_week_ago_is_the_same_day():
    monitor = WeekOverWeek([1.0] * 7 + [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0], share=0.1)

    assert [monitor.update(value) for value in (10.9, 22.1, 27.0, 40.0, 50.0, 60.0, 70.0, 12.0)] == [
        False, True, False, False, False, False, False, True,
    ]  # fmt: skip


def test_alarms_before_the_change_are_false_and_the_first_after_it_is_the_delay():
    def rings_on(*days):
        class Rings:
            def __init__(self, history):
                self.day = -1

            def update(self, value):
                self.day += 1
                return self.day in days

        return Rings

    assert trial(rings_on(1, 3, 7, 9), [], [0.0] * 12, 5) == (2, 5, 2)
    assert trial(rings_on(5), [], [0.0] * 12, 5) == (0, 5, 0)
    assert trial(rings_on(1), [], [0.0] * 12, 5) == (1, 5, None)
    assert trial(rings_on(1, 3), [], [0.0] * 12) == (2, 12, None)
