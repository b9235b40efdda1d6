import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.plots.bars import Bar, counts, horizontal, missing
from course_lib.plots.steps import time_per_step
from course_lib.plots.targets import allowance
from course_lib.validation.metrics import QualityTarget, Share

TEXT = st.text(st.characters(), max_size=40)


def warned(of, total=1000):
    return counts(of, total, what="warnings", whole="kept rows", colour="warned")


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(TEXT, st.integers(0, 10**18), max_size=25), st.integers(0, 10**18))
def test_any_counts_give_a_sound_picture(sound, of, total):
    sound(warned(of, total))


def test_bars_are_as_long_as_their_numbers():
    svg = horizontal([Bar("a", 100, ""), Bar("b", 50, ""), Bar("c", 0, "")], "rows", "told")(1040, "k")
    lengths = [float(found) for found in re.findall(r'<rect [^>]*?width="([\d.]+)"', svg)]

    assert lengths[0] / lengths[1] == pytest.approx(2, rel=1e-3)
    assert lengths[2] == 0


@pytest.mark.parametrize(
    ("of", "title"),
    [
        ({}, "No warnings"),
        ({"zero_fare": 0}, "No warnings"),
        ({"zero_fare": 5}, "One kind of warnings: zero fare, in 0.5\u202f% of kept rows"),
        ({"zero_fare": 5, "refunded": 10}, "Of 2 kinds of warnings, refunded leads: 1\u202f% of kept rows"),
        ({"a": 5, "b": 5, "c": 1}, "Of 3 kinds of warnings, a and 1 other lead: 0.5\u202f% of kept rows"),
    ],
)
def test_the_leading_name_is_told(sound, of, title):
    assert sound(warned(of)).title == title


def test_thousands_of_names_are_counted_and_the_largest_drawn(sound):
    picture = sound(warned({f"rule_{i}": i for i in range(1, 3001)}, 10**6))

    assert picture.note == "Not drawn: 2,985 rarer names."
    assert picture.svg().count("<rect") == 15
    assert sum(int(row[1].replace(",", "")) for row in picture.rows) == sum(range(1, 3001))


def test_missing_values_are_ranked_and_what_nobody_publishes_is_named(sound):
    picture = sound(missing({"a": Share(90, 100), "b": Share(99, 100), "c": Share(10, 10), "d": Share(0, 0)}))

    assert picture.title == "Most is missing in a: 10\u202f% of the values"
    assert picture.note == "1 other column is complete. Not published by any of the files: d."


def test_nothing_missing_and_nothing_published_are_told(sound):
    assert sound(missing({"a": Share(1, 1)})).title == "No published value is missing"
    assert sound(missing({"a": Share(0, 0)})).title == "No column to judge"


# -- targets ---------------------------------------------------------------------------------------------------------


def asked(name, value, target, direction="at_least", unit="share"):
    return QualityTarget(name, value, target, direction, unit, "")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.builds(
    QualityTarget, TEXT, st.none() | st.floats(0, 1e12) | st.just(float("inf")), st.floats(0, 1e12),
    st.sampled_from(["at_least", "at_most"]), st.sampled_from(["share", "s", "ratio", "rows"]), TEXT,
), max_size=9))  # fmt: skip
def test_any_targets_give_a_sound_picture(sound, targets):
    sound(allowance(targets))


@pytest.mark.parametrize(
    ("targets", "title"),
    [
        ([], "No quality metric could be measured"),
        ([asked("a", None, 0.9)], "No quality metric could be measured"),
        ([asked("a", 1.0, 0.9)], "The one target is met"),
        ([asked("a_b", 0.95, 0.9), asked("c", None, 0.9)],
         "The one target is met; a b is nearest to a miss, with 50\u202f% of its allowance used"),
        ([asked("a", 0.8, 0.9), asked("error", 3.0, 4.0, "at_most", "s")], "1 of 2 targets is missed: a"),
        ([asked("a", 0.8, 0.9), asked("error", 5.0, 4.0, "at_most", "s")], "2 of 2 targets are missed: a and error"),
    ],
)  # fmt: skip
def test_missed_targets_are_named(sound, targets, title):
    assert sound(allowance(targets)).title == title


def test_an_outcome_does_not_hang_on_a_colour(sound):
    picture = sound(allowance([asked("a", 0.8, 0.9), asked("b", 0.95, 0.9), asked("c", None, 0.9)]))

    assert [row[3] for row in picture.rows] == ["✗ missed", "✓ met", "not measured"]
    for word in ("✗ missed", "✓ met", "not measured"):
        assert word in picture.svg()


def test_a_bar_beyond_the_line_is_a_miss_in_both_directions():
    svg = allowance([asked("low", 0.85, 0.9), asked("high", 15.0, 10.0, "at_most", "s")]).svg(1040)
    lengths = [float(found) for found in re.findall(r'<rect [^>]*?width="([\d.]+)"[^>]*class="f-missed"', svg)]

    assert lengths[0] == pytest.approx(lengths[1], rel=1e-3)  # both use 150 % of what they may


# -- steps -----------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.lists(st.fixed_dictionaries(
    {"name": TEXT, "seconds": st.floats(0, 1e7)},
    optional={"rows": st.integers(0, 10**15), "tasks": st.integers(0, 99), "reused": st.integers(0, 99)},
), max_size=20), st.none() | st.floats(0, 1e9))  # fmt: skip
def test_any_steps_give_a_sound_picture(sound, steps, total):
    sound(time_per_step(steps, total))


def begins(picture):
    return [float(x) for x in re.findall(r'<rect x="([\d.]+)"', picture.svg(1040))]


def test_steps_follow_each_other_unless_they_overlapped():
    steps = [{"name": "a", "seconds": 2.0}, {"name": "b", "seconds": 2.0}]

    after, at_once = begins(time_per_step(steps, 4.5)), begins(time_per_step(steps, 2.5))
    assert after[0] < after[1]
    assert at_once[0] == at_once[1]


def test_time_outside_of_steps_is_told(sound):
    picture = sound(time_per_step([{"name": "a_b", "seconds": 6.0}, {"name": "c", "seconds": 2.0}], 10.0))

    assert picture.title == "A b took longest: 6\u202fs of 10\u202fs (60\u202f%)"
    assert picture.note == "2\u202fs of the run passed outside these steps."


def test_work_that_an_earlier_run_did_is_told():
    picture = time_per_step([{"name": "refine", "seconds": 1.0, "tasks": 4, "reused": 3}], 1.0)

    assert "3 of 4 tasks reused" in picture.svg()
