from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.slo import Objective, meets, standing, table

VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=40)


def objective(direction="at_least", target=0.5, share=0.9, window=28):
    return Objective("it", direction, target, share, window)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_two_directions_are_each_others_mirror(value: float, target: float):
    up, down = objective("at_least", target), objective("at_most", -target)

    assert meets(up, value) == meets(down, -value)


@given(st.floats(0, 1))
def test_a_value_on_its_target_meets_it_in_either_direction(value: float):
    assert meets(objective("at_least", value), value)
    assert meets(objective("at_most", value), value)


@given(VALUES, st.integers(1, 30), st.floats(0.01, 1))
def test_every_day_of_the_window_is_good_bad_or_unmeasured(values, window: int, share: float):
    found = standing(objective(share=share, window=window), values)

    assert found.days.total + found.unmeasured == min(window, len(values))
    assert found.days.good + found.spent == found.days.total
    if found.days.total:
        assert found.met == (found.days.good / found.days.total >= share - 1e-9)


def test_only_the_last_window_counts():
    assert standing(objective(window=2), [0.0, 0.0, 1.0, 1.0]).met
    assert not standing(objective(window=3), [0.0, 0.0, 1.0, 1.0]).met


def test_the_budget_is_the_days_that_may_miss():
    found = standing(objective(share=0.9, window=30), [1.0] * 28 + [0.0] * 2)

    assert (found.budget, found.spent, found.left) == pytest.approx((3, 2, 1))
    assert standing(objective(share=0.9, window=10), [1.0] * 9 + [0.0]).met  # 0.1 * 10 is not quite 1


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_day_without_a_value_is_neither_good_nor_bad(nothing):
    found = standing(objective(), [1.0, nothing])

    assert (found.met, found.days.total, found.unmeasured) == (True, 1, 1)
    assert standing(objective(), [nothing]).met is None


def test_an_objective_without_a_history_is_not_measured():
    kept, unknown = table([objective(), Objective("other", "at_most", 1, 1, 7)], {"it": [1.0]})

    assert (kept.met, unknown.met) == (True, None)


def test_what_promises_nothing_is_refused():
    with pytest.raises(ValueError, match="neither"):
        meets(objective("at_leats"), 1.0)
    for wrong in (objective(share=0.0), objective(share=1.1), objective(window=0)):
        with pytest.raises(ValueError, match="no promise"):
            standing(wrong, [1.0])
