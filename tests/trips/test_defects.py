"""Which rows are broken: rates, partners, and the contract's words for them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import BadArgument
from course_lib.trips import breaking, defects
from course_lib.trips.contract import RULES
from course_lib.trips.defects import CLEAN, DEFECTS, DISPLACED, HALF, KINDS, WINDOW, Family
from course_lib.trips.generator import Settings


def test_every_kind_that_a_rule_should_find_names_a_rule_of_the_contract():
    rules = {rule.name for rule in RULES} | {DISPLACED, ""}

    assert {defect.rule for defect in DEFECTS} <= rules
    assert [defect.kind for defect in DEFECTS if not defect.rule] == ["total_mismatch"]


def test_every_rule_that_generated_columns_can_break_is_broken():
    of_text, of_partners = {"unparseable_line"}, {"refunded"}

    assert {rule.name for rule in RULES} - of_text - of_partners <= {defect.rule for defect in DEFECTS}


def test_every_kind_but_the_tail_has_a_way_to_break_a_row():
    assert set(breaking.BREAK) == {defect.kind for defect in DEFECTS if defect.family is not Family.TAIL}


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40))
@settings(deadline=None)
def test_partners_are_one_to_one_and_lie_before(key, window):
    numbers = np.arange(window * WINDOW + HALF, (window + 1) * WINDOW, dtype=np.uint64)

    partners = defects.partner(key, numbers)

    assert sorted(partners.tolist()) == list(range(window * WINDOW, window * WINDOW + HALF))
    assert (partners < numbers).all()


def test_the_first_half_of_a_window_follows_nobody():
    plan = defects.plan({"duplicate": 0.4})
    numbers = np.arange(2 * WINDOW, dtype=np.uint64)

    kinds = defects.drawn(plan, numbers, np.zeros_like(numbers))

    assert kinds.reshape(4, HALF).tolist() == [[CLEAN] * HALF, [KINDS.index("duplicate")] * HALF] * 2


def test_a_draw_above_all_thresholds_breaks_nothing():
    plan = defects.plan(defects.DEFAULT_RATES)
    at = np.array([plan.any - 1, plan.any], np.uint64)

    assert (defects.drawn(plan, np.full(2, HALF, np.uint64), at) != CLEAN).tolist() == [True, False]


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        pytest.param({"typo": 0.1}, "typo", id="unknown kind"),
        pytest.param({"late": -0.1}, "late", id="negative"),
        pytest.param({"codes_null": 1.0}, "codes_null", id="nothing left"),
        pytest.param({"late": float("nan")}, "late", id="not a number"),
        pytest.param({"late": 0.6, "too_far": 0.6}, "too few clean rows", id="more than all rows"),
        pytest.param({"duplicate": 0.5, "late": 0.1}, "too few clean rows", id="more followers than places"),
        pytest.param({"late_correction": 0.3}, "too few clean rows", id="more corrections than rows to correct"),
    ],
)
def test_impossible_rates_are_refused_at_once(rates, told):
    with pytest.raises(BadArgument, match=told):
        Settings(rates=rates)


@pytest.mark.parametrize(
    "settings",
    [
        {"trips": 0}, {"trips": -5}, {"trips": 10**12}, {"seed": -1}, {"seed": 2**63}, {"months": 0}, {"months": 121},
        {"start": "2024-13"}, {"start": "2024-1"}, {"start": "1999-01"}, {"start": "2008-12"}, {"start": "today"},
        {"start": "2024-01\n"},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused_at_once(settings):
    with pytest.raises(BadArgument):
        Settings(**settings)
