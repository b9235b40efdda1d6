"""class.toml says what holds; a mistake in it is named by its key."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.errors import InputError
from course_lib.grading.class_rules import EXAMPLE, read_rules
from course_lib.grading.late_policy import Policy

HERE = Path("class.toml")


def test_the_example_is_valid_and_says_what_it_seems_to_say():
    rules = read_rules(HERE, EXAMPLE.format(name='"A \\"class\\""').encode())

    assert rules.name == 'A "class"'
    assert rules.of("01_introduction").policy == Policy(15, 10, 7)
    assert rules.of("01_introduction").deadline is None


def test_a_chapter_may_say_it_anew():
    text = b"[late]\npercent_per_day = 10\n[chapters.02]\ndeadline = 2026-11-30T23:59:00+01:00\npercent_per_day = 0\n"
    rules = read_rules(HERE, b"\xef\xbb\xbf" + text)

    assert rules.of("02").policy.percent_per_day == 0
    assert rules.of("03").policy.percent_per_day == 10
    deadline = rules.of("02").deadline
    assert deadline is not None
    assert deadline.astimezone(UTC) == datetime(2026, 11, 30, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[chapters.a]\ndeadline = 2026-11-30T23:59:00", "offset"),
        ('[chapters.a]\ndeadline = "2026-11-30T23:59:00Z"', "offset"),
        ("[chapters.a]\ndeadline = 2026-11-30", "offset"),
        ("[late]\npercent_per_day = 101", "percent_per_day"),
        ("[late]\npercent_per_day = nan", "percent_per_day"),
        ("[late]\ngrace_minutes = true", "grace_minutes"),
        ('[late]\ncut_off_days = "7"', "cut_off_days"),
        ("[late]\nper_day = 1", "'per_day'"),
        ("late = 3", "not a table"),
        ("[chapters]\na = 3", "chapters.a"),
        ("[chapters.a]\ndue = 3", "deadline"),
        ('timezone = "Mars/Olympus"', "Mars/Olympus"),
        ('timezone = "../../etc/passwd"', "timezone"),
        ("name = 3", "name"),
        ("name = ", "is not TOML"),
        ("\x00", "is not TOML"),
    ],
)
def test_a_mistake_is_named(text: str, told: str):
    with pytest.raises(InputError, match=r"class\.toml") as error:
        read_rules(HERE, text.encode())

    assert told in str(error.value)
