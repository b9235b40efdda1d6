"""The contract is data that hangs together: every rule has a name, a severity, a check that exists, and words."""

from __future__ import annotations

import pytest

from course_lib.trips import contract
from course_lib.trips.contract import BIT, ERROR_NAMES, ERRORS, FAR, RULES, WARNING_NAMES, Rule
from course_lib.trips.schema import NAMES
from course_lib.validation import twins
from tests.transforms import oracle


def test_the_rules_are_those_that_were_agreed_on_in_their_order():
    assert ERROR_NAMES == oracle.ERRORS
    assert WARNING_NAMES == (
        "unknown_zone", "zero_fare", "no_passengers", "codes_all_null", "outside_month", "shared_trip", "refunded",
    )  # fmt: skip


def test_every_rule_has_a_bit_of_its_own_within_an_int32():
    assert sorted(BIT.values()) == list(range(len(RULES)))
    assert len(RULES) < 32
    assert {name for name, bit in BIT.items() if ERRORS >> bit & 1} == set(ERROR_NAMES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_speaks_of_fields_that_exist_and_says_what_it_means(rule: Rule):
    told = vars(rule.check)
    fields = {told[name] for name in ("field", "start", "end") if name in told} | {*told.get("fields", ())}

    assert fields <= set(NAMES)
    assert rule.meaning
    assert rule.name.isidentifier()


def test_the_limits_are_those_of_the_words():
    assert FAR == 160_934  # 100 miles are 160,934.4 m
    assert contract.HOUR == 3_600


def test_twins_are_compared_by_the_fields_that_the_contract_names():
    assert contract.Twin().fields == twins.FIELDS
