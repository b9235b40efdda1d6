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


HERE = "chapters/01_test/01_test.py"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        pytest.param('check="twice"', 'check="thrice"', 20, "'thrice' has no answer", id="a check without an answer"),
        pytest.param(
            "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n", "    return 2 * x\n", 13,
            "no ### BEGIN SOLUTION", id="an answer without a solution",
        ),
        pytest.param(
            "### BEGIN HIDDEN TESTS\nassert twice(21) == 42\n### END HIDDEN TESTS\n", "", 20, "no ### BEGIN HIDDEN",
            id="a check that hides nothing",
        ),
        pytest.param(
            "# ### BEGIN MARK SCHEME\n# 10 points for a reason.\n# ### END MARK SCHEME\n", "", 26, "no ### BEGIN MARK",
            id="an essay without a scheme",
        ),
        pytest.param('tags="setup"', 'tags="set-up"', 9, "'set-up' is not a tag", id="a tag that nobody knows"),
        pytest.param('alt="a line', 'alternative="a line', 10 + 2, "'alternative' is not an option", id="an option"),
        pytest.param('# %% tags="setup"', "# %% tags=setup", 9, "is not an option of a cell; write", id="no quotes"),
        pytest.param('# %% tags="setup"', '# %% tags="setup', 9, "is not an option of a cell; write", id="one quote"),
        pytest.param('tags="setup"', 'tags="setup"tags="setup"', 9, "is not an option", id="no space"),
        pytest.param('tags="setup"', 'tags="setup" tags="setup"', 9, "stands twice", id="an option twice"),
        pytest.param('tags="setup"', 'tags=""', 9, "'tags' is empty", id="an empty option"),
        pytest.param('# %% tags="setup"', '#%% tags="setup"', 9, "starts no cell", id="a marker without its space"),
        pytest.param('# %% tags="setup"', '# %%tags="setup"', 9, "is not an option", id="an option without its space"),
        pytest.param('# %% tags="setup"', '# %% [markdown] tags="setup"', 9, "prose", id="prose as set-up"),
        pytest.param('answer="twice"', 'answer="twice" check="twice"', 15, "not all of them", id="two kinds at once"),
        pytest.param('answer="twice"', 'answer="Twice!"', 15, "names no exercise", id="a name with other signs"),
        pytest.param('answer="twice"', 'answer="test-twice"', 15, "no exercise is", id="a name of a test cell"),
        pytest.param('answer="twice"', 'answer="twice" points=3', 15, "points=3", id="points on an answer"),
        pytest.param('check="twice" points=15', 'check="twice"', 22, "points=:", id="a check without points"),
        pytest.param("points=15", 'points="many"', 22, "points=many", id="points that are no number"),
        pytest.param("points=15", "points=0", 22, "points are 1 or more", id="points for nothing"),
        pytest.param('# %% answer="twice"', '# %% answer="twice" alt="x"', 15, "alt tells of", id="alt on an answer"),
        pytest.param("import math", "import math math", 10, "is no Python", id="code that is no Python"),
        pytest.param("# Why?", "Why?", 29, "begin the line with", id="prose outside of comments"),
        pytest.param("    ### END SOLUTION", "    ### END HIDDEN TESTS", 20, "no place", id="a marker of another cell"),
        pytest.param("    ### END SOLUTION\n", "", 16, "has no end", id="a region without an end"),
        pytest.param("    ### BEGIN SOLUTION\n", "", 19, "ends nothing", id="a region without a beginning"),
        pytest.param("    return 2 * x", "    ### BEGIN SOLUTION", 19, "inside of SOLUTION", id="a region in a region"),
        pytest.param("    return 2 * x", "    return 2 * x  # BEGIN SOLUTION", 19, "nothing else", id="in a comment"),
        pytest.param('plot(1)', '### BEGIN SOLUTION\n### END SOLUTION', 13, "no place", id="a solution of none"),
        pytest.param('def twice(x: int) -> int:\n    """Two times x."""\n    ###', "twice = 2\n###", 17, "would stop",
                     id="a solution outside of a function"),
        pytest.param('# %% alt="a line', '# %% tags="parameters"\nx = 1\n\n# %% alt="a line', 12, "first in line 6",
                     id="two cells of parameters"),
        pytest.param('# %% alt="a line that rises"\nplot(1)', '# %% answer="twice"\ndef f():\n    ### BEGIN SOLUTION\n'
                     "    pass\n    ### END SOLUTION", 18, "first in line 12", id="two answers"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_source_is_told_with_file_and_line(old, new, line, said):
    assert SOURCE.count(old) == 1

    with pytest.raises(ChapterError) as caught:
        read_chapter("01_test", SOURCE.replace(old, new), ABOUT)

    assert said in caught.value.why
    assert caught.value.where.startswith(f"{HERE}:")
    assert str(caught.value) == f"{caught.value.where}: {caught.value.why}"
    found = int(caught.value.where.rpartition(":")[2])
    there = SOURCE.replace(old, new).split("\n")[found - 1]
    assert abs(found - line) <= 5, f"line {found}: {there}"


def test_text_before_the_first_cell_is_told():
    with pytest.raises(ChapterError, match=f"{HERE}:2: stands before"):
        read_chapter("01_test", "# a heading is fine\nimport math\n" + SOURCE, ABOUT)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("[twice", "Expected ']'"),
        ("hints = 3", "outside of an exercise"),
        ('[twice]\nhint = ["a"]', "'hint' is none of"),
        ("[twice]\nhints = 3", "hints is 3"),
        ('[twice]\nseconds = "3"', "seconds is '3'"),
        ("[twice]\ntitle = 3", "title is 3"),
    ],
)
def test_a_mistake_in_exercises_toml_is_told(about, said):
    with pytest.raises(ChapterError, match=r"exercises\.toml") as caught:
        read_chapter("01_test", SOURCE, about)

    assert said in str(caught.value)


def test_windows_line_ends_make_no_other_chapter():
    assert read_chapter("01_test", SOURCE.replace("\n", "\r\n"), ABOUT) == read_chapter("01_test", SOURCE, ABOUT)


def test_three_hints_are_asked_for():
    with pytest.raises(ChapterError, match="2 hints"):
        read_chapter("01_test", SOURCE, ABOUT.replace(', "return x + x"', ""))


def test_an_exercise_nobody_set_is_named():
    with pytest.raises(ChapterError, match=r"'thrice' is in exercises\.toml only"):
        read_chapter("01_test", SOURCE, ABOUT + '[thrice]\ntitle = "Thrice"\n')
