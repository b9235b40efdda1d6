"""The README shows the scorecard that is kept, and what is kept is of the chapters there are."""

from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.exercises.answer_files import known_answers
from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.graders import Grader
from course_lib.exercises.scorecard import BEGIN, END, Line, from_json, markdown, measure, merged, replaced, to_json
from tests.exercises.protocol.border import FOLDER, border_chapter

LINE = Line("03_validation", "psi", 14, True, 2, 2, 5, 5, 2, 57, 59, 1)
KEPT = ROOT / "chapters" / "scorecard.json"


def test_lines_are_kept_as_they_are():
    other = replace(LINE, exercise="monitor", sound=False)

    assert from_json(to_json([LINE, other])) == [LINE, other]


def test_a_line_of_other_fields_is_refused():
    with pytest.raises(ValueError, match="measure again"):
        from_json('[{"exercise": "psi"}]')


@pytest.mark.parametrize(
    ("change", "full"),
    [
        ({}, True),
        ({"right": 1}, False),
        ({"wrong": 4}, False),
        ({"hidden_only": 0}, False),
        ({"killed": 56}, False),
        ({"sound": False}, False),
    ],
)
def test_a_line_is_full_when_nothing_is_left_to_do(change: dict, full: bool):
    assert replace(LINE, **change).full is full


def test_new_lines_take_the_place_of_old_ones_and_strangers_go():
    old = [replace(LINE, exercise="gone"), replace(LINE, killed=1)]

    assert merged(old, [LINE], [("03_validation", "psi"), ("03_validation", "new")]) == [LINE]


def test_the_table_takes_the_place_of_the_old_one():
    text = f"before\n{BEGIN}\nold\n{END}\nafter"

    assert replaced(text, markdown([LINE])).startswith(f"before\n{BEGIN}\n| exercise |")
    assert "| 3 `psi` | 14 | 2 of 2 | 5 of 5 | 2 | 57 of 59 |" in replaced(text, markdown([LINE]))
    with pytest.raises(ValueError, match="no place"):
        replaced("nothing", "")


def test_a_line_is_measured(tmp_path: Path):
    for path in FOLDER.glob("retry__*.py"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"))
    with Grader(border_chapter()) as grader:
        line = measure(grader, "retry", tmp_path)

    assert (line.sound, line.right_of, line.wrong, line.wrong_of, line.hidden_only) == (True, 0, 1, 1, 1)
    assert line.killed >= 10 and line.equivalent == 0


def kept() -> list[Line]:
    if not KEPT.exists():
        pytest.skip("no scorecard is kept yet: measure it with `course scorecard --write`")
    return from_json(KEPT.read_text("utf-8"))


def test_the_readme_shows_the_scorecard_that_is_kept():
    readme = (ROOT / "README.md").read_text("utf-8")

    assert replaced(readme, markdown(kept())) == readme


def test_the_kept_scorecard_is_of_the_exercises_there_are():
    there = [
        (name, exercise.name, exercise.points)
        for name in chapter_names()
        for exercise in load_chapter(name).exercises.values()
        if not exercise.is_essay
    ]

    assert [(line.chapter, line.exercise, line.points) for line in kept()] == there


def test_the_kept_scorecard_counts_the_answers_there_are():
    for line in kept():
        answers = [a for a in known_answers(ROOT / "tests" / "graders" / line.chapter) if a.exercise == line.exercise]

        assert (line.right_of, line.wrong_of) == (sum(a.right for a in answers), sum(not a.right for a in answers))


def test_every_kept_line_is_full():
    assert [(line.chapter, line.exercise) for line in kept() if not line.full] == []
