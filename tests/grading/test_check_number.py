"""A failed check is named by its number, and by nothing of what it checks."""

from dataclasses import replace

import pytest

from course_lib.grading.check_number import check_number
from tests.exercises.workshop import practice

TESTS = """\
x = f(1)
assert x, "one"
for y in (1, 2):
    assert f(
        y
    ), "two"
if x:
    raise AssertionError("three")
### BEGIN HIDDEN TESTS
assert f(3), "hidden one"
z = f(4)
assert z, "hidden two"
### END HIDDEN TESTS"""
EXERCISE = next(one for one in practice().exercises.values() if one.check)
EXERCISE = replace(EXERCISE, check=replace(EXERCISE.check, text=TESTS))


@pytest.mark.parametrize(
    ("part", "line", "told"),
    [
        ("visible", 1, "visible 1 of 3"), ("visible", 2, "visible 1 of 3"), ("visible", 4, "visible 2 of 3"),
        ("visible", 8, "visible 3 of 3"), ("hidden", 10, "hidden 1 of 2"), ("hidden", 11, "hidden 2 of 2"),
        ("hidden", 12, "hidden 2 of 2"), ("hidden", 99, "hidden 2 of 2"), ("hidden", 0, ""), ("answer", 3, ""),
    ],
)  # fmt: skip
def test_the_check_at_a_line_or_the_next_one(part, line, told):
    assert check_number(EXERCISE, part, line) == told
