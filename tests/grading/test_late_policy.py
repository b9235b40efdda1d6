"""Lateness costs what the policy says: never less than nothing, never more than there is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.late_policy import DAY, Policy, days_late, in_words, penalty

POLICIES = st.builds(Policy, st.floats(0, 2000), st.floats(0, 100), st.one_of(st.none(), st.floats(0, 30)))
POINTS = st.integers(0, 400).map(lambda quarter: quarter / 4)


@given(POLICIES, POINTS, st.floats(-10 * DAY, 40 * DAY))
def test_a_penalty_is_some_of_the_points(policy: Policy, points: float, seconds: float):
    assert 0 <= penalty(policy, points, seconds) <= points


@given(POLICIES, POINTS, st.floats(-10 * DAY, 40 * DAY), st.floats(0, 10 * DAY))
def test_later_is_never_cheaper(policy: Policy, points: float, seconds: float, more: float):
    assert penalty(policy, points, seconds) <= penalty(policy, points, seconds + more)


@given(POLICIES, POINTS, st.floats(-10 * DAY, 0))
def test_in_time_costs_nothing(policy: Policy, points: float, seconds: float):
    assert penalty(policy, points, seconds) == 0


@given(st.floats(1, 40 * DAY))
def test_days_are_begun_days(seconds: float):
    assert days_late(Policy(), seconds) == math.ceil(seconds / DAY)


@pytest.mark.parametrize(
    ("seconds", "costs"),
    [
        pytest.param(15 * 60, 0, id="the last second of the grace"),
        pytest.param(15 * 60 + 1, 4, id="after it the first day counts whole"),
        pytest.param(DAY, 4, id="the first day's last second"),
        pytest.param(DAY + 1, 8, id="the second day"),
        pytest.param(7 * DAY, 28, id="the last second before the cut-off"),
        pytest.param(7 * DAY + 1, 40, id="after the cut-off"),
    ],
)
def test_borders(seconds: float, costs: float):
    assert penalty(Policy(15, 10, 7), 40, seconds) == costs


def test_ten_days_at_fifteen_per_cent_take_all_and_no_more():
    assert penalty(Policy(0, 15), 33.35, 10 * DAY) == 33.35


def test_hundredths_are_rounded_half_up():
    assert penalty(Policy(0, 10), 0.25, 1) == 0.03


def test_a_policy_reads_as_a_sentence():
    assert in_words(Policy(0, 0, 3)) == "all of them after 3 days"
