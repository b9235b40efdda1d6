"""Chapters are read as they were written, and their mistakes are named."""

import pytest

from course_lib.exercises.source import ChapterError, read_chapter, stub, visible

SOURCE = '''\
# %% [markdown]
# # 1. A chapter
#
# **Claim.** Twice is once.

# %% tags="parameters"
size = "default"

# %% tags="setup"
import math

# %% alt="a line that rises"
plot(1)

# %% answer="twice"
def twice(x: int) -> int:
    """Two times x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="twice" points=15
assert twice(2) == 4, "twice(2) is 4"
### BEGIN HIDDEN TESTS
assert twice(21) == 42
### END HIDDEN TESTS

# %% [markdown] answer="why" points=10
# Why?
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 10 points for a reason.
# ### END MARK SCHEME
'''
ABOUT = """
[twice]
title = "Twice"
hides = ["math"]
seconds = 3
hints = ["How often?", "Add it to itself.", "return x + x"]
"""


def test_cells_come_in_their_order_with_their_kinds():
    cells = read_chapter("01_test", SOURCE, ABOUT).cells

    assert [cell.kind for cell in cells] == ["prose", "parameters", "setup", "code", "answer", "check", "essay"]
    assert cells[0].text == "# 1. A chapter\n\n**Claim.** Twice is once."
    assert cells[3].alt == "a line that rises"


def test_an_exercise_knows_what_is_said_of_it():
    twice = read_chapter("01_test", SOURCE, ABOUT).exercises["twice"]

    assert (twice.title, twice.points, twice.hides, twice.seconds) == ("Twice", 15, ("math",), 3.0)
    assert twice.hints[2] == "return x + x"


def test_points_of_a_chapter_are_those_of_checks_and_essays():
    assert read_chapter("01_test", SOURCE, ABOUT).points == 25


def test_a_stub_holds_no_solution_and_no_mark_scheme():
    exercises = read_chapter("01_test", SOURCE, ABOUT).exercises

    assert stub(exercises["twice"]).endswith('    raise NotImplementedError("twice: write your answer here")')
    assert stub(exercises["why"]) == "Why?\n\n*Your answer here.*"


def test_hidden_tests_are_not_visible():
    check = read_chapter("01_test", SOURCE, ABOUT).exercises["twice"].check

    assert visible(check) == 'assert twice(2) == 4, "twice(2) is 4"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('check="twice"', 'check="thrice"', "'thrice' has no answer", id="a check without an answer"),
        pytest.param("    ### BEGIN SOLUTION\n", "", "no ### BEGIN SOLUTION", id="an answer without a solution"),
        pytest.param("### BEGIN HIDDEN TESTS\n", "", "no ### BEGIN HIDDEN TESTS", id="a check that hides nothing"),
        pytest.param("# ### BEGIN MARK SCHEME\n", "", "no ### BEGIN MARK SCHEME", id="an essay without a scheme"),
        pytest.param('tags="setup"', 'tags="set-up"', "'set-up' is not a tag", id="a tag that nobody knows"),
        pytest.param('alt="a line', 'alternative="a line', "not an option", id="an option that nobody knows"),
    ],
)
def test_a_mistake_in_the_source_is_named(old, new, said):
    with pytest.raises(ChapterError, match=said):
        read_chapter("01_test", SOURCE.replace(old, new), ABOUT)


def test_three_hints_are_asked_for():
    with pytest.raises(ChapterError, match="2 hints"):
        read_chapter("01_test", SOURCE, ABOUT.replace(', "return x + x"', ""))


def test_an_exercise_nobody_set_is_named():
    with pytest.raises(ChapterError, match=r"'thrice' is in exercises\.toml only"):
        read_chapter("01_test", SOURCE, ABOUT + '[thrice]\ntitle = "Thrice"\n')
