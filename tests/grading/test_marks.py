"""Points reach the gradebook all at once, or not at all."""

import pytest

from course_lib.grading import marks
from course_lib.grading.class_folder import new_class, open_gradebook
from course_lib.grading.verdict import ExerciseVerdict, Verdict
from tests.exercises.workshop import NAME, practice

CHAPTER = practice()


def verdict(points: float) -> Verdict:
    found = tuple(
        ExerciseVerdict(
            name,
            0 if exercise.is_essay else exercise.points,
            exercise.points,
            "hand" if exercise.is_essay else "passed",
        )
        for name, exercise in CHAPTER.exercises.items()
    )
    return Verdict("ada", NAME, f"file {points}", "tests", (), found, 0.0)


@pytest.fixture
def gradebook(tmp_path):
    with open_gradebook(new_class(tmp_path / "class")) as opened:
        marks.prepare(opened, CHAPTER)
        yield opened


def test_a_submission_that_stops_half_way_leaves_no_trace(gradebook, monkeypatch):
    monkeypatch.setattr(marks, "_mark", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        marks.enter(gradebook, CHAPTER, verdict(1), "2026-11-20 10:00:00 UTC", frozenset())

    assert gradebook.assignment_submissions(NAME) == [] and gradebook.students == []
    assert marks.marked(gradebook, NAME) == {}


def test_a_submission_that_is_entered_says_of_which_file_it_is(gradebook):
    marks.enter(gradebook, CHAPTER, verdict(1), "2026-11-20 10:00:00 UTC", frozenset())

    [found] = gradebook.assignment_submissions(NAME)
    assert found.score == sum(one.points for one in CHAPTER.exercises.values() if not one.is_essay)
    assert found.needs_manual_grade and str(found.timestamp) == "2026-11-20 10:00:00"
    assert marks.marked(gradebook, NAME) == {"ada": ("file 1", "tests")}


def test_a_chapter_is_prepared_twice_as_once_and_forgets_exercises_that_are_gone(gradebook):
    from dataclasses import replace

    marks.enter(gradebook, CHAPTER, verdict(1), "", frozenset())
    marks.prepare(gradebook, CHAPTER)
    gone = next(name for name, one in CHAPTER.exercises.items() if not one.is_essay)
    fewer = replace(
        CHAPTER,
        cells=tuple(cell for cell in CHAPTER.cells if cell.name != gone),
        exercises={name: one for name, one in CHAPTER.exercises.items() if name != gone},
    )
    marks.prepare(gradebook, fewer)

    notebook = gradebook.find_notebook(NAME, NAME)
    assert f"test-{gone}" not in {cell.name for cell in notebook.grade_cells}
    assert f"test-{gone}" not in {cell.name for cell in notebook.source_cells}
    assert f"test-{gone}" not in {grade.name for grade in notebook.submissions[0].grades}

    marks.prepare(gradebook, CHAPTER)  # and it is back
    marks.enter(gradebook, CHAPTER, verdict(2), "", frozenset())
    assert gradebook.find_grade(f"test-{gone}", NAME, NAME, "ada").auto_score == CHAPTER.exercises[gone].points
