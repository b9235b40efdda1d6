import pytest

from course_lib.reports.rules import example_of, explained, row_told
from course_lib.trips.contract import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_of_the_contract_has_an_example(rule):
    assert example_of(rule.check)


def test_rules_are_explained_most_frequent_first():
    found = explained({"refund": 1, "negative_fare": 30}, 100, {})

    assert [(rule.name, rule.rows, rule.share) for rule in found] == [
        ("negative_fare", 30, "30\u202f%"), ("refund", 1, "1\u202f%"),
    ]  # fmt: skip
    assert found[1].meaning == next(rule.meaning for rule in RULES if rule.name == "refund")


def test_a_row_of_the_run_is_the_better_example():
    (found,) = explained({"negative_fare": 1}, 9, {"negative_fare": "fare_cents=-520"})

    assert found.example == "fare_cents=-520"


def test_a_name_that_the_contract_does_not_know_is_shown_as_it_is():
    (found,) = explained({"lunar_trip": 1}, 9, {})

    assert found.meaning == "lunar trip (not in this version's contract)"


ROW = {
    "pickup_at": "2020-10-01 08:00:00", "dropoff_at": None, "fare_cents": -520, "distance_m": 0, "pickup_zone": 74,
    "dropoff_zone": 75, "raw": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("negative_fare", "fare_cents -520"),
        ("dropoff_not_after_pickup", "pickup_at 2020-10-01 08:00:00, dropoff_at is empty"),
        ("refund", "fare_cents -520, pickup_at 2020-10-01 08:00:00, dropoff_at is empty, pickup_zone 74, "
                   "dropoff_zone 75, distance_m 0"),
        ("lunar_trip", "pickup_at 2020-10-01 08:00:00, fare_cents -520, distance_m 0, pickup_zone 74, dropoff_zone 75"),
    ],
)  # fmt: skip
def test_a_refused_row_is_told_by_the_values_its_rule_judges(name, told):
    assert row_told(name, ROW) == told


def test_a_line_that_could_not_be_read_is_its_own_example():
    assert row_told("unparseable_line", ROW | {"raw": "2,2020-10-"}) == "2,2020-10-"
