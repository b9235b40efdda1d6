"""The notebook that is shown says what the verdict says, and nothing that somebody handed in as an output."""

import json

import nbformat

from course_lib.exercises.notebook import render
from course_lib.grading.autograded import autograded
from course_lib.grading.repair import submission
from course_lib.grading.verdict import ExerciseVerdict, Verdict
from tests.exercises.workshop import practice

CHAPTER = practice()
FIRST, *OTHERS = CHAPTER.exercises
FAILED = ExerciseVerdict(FIRST, 0, 10, "failed", "visible", "visible 1 of 2", "too small", "look again", 0.1, ("oops",))


def notebook(*found: ExerciseVerdict):
    raw = json.loads(render(CHAPTER, "release"))
    raw["cells"][0] |= {"attachments": {"x": {}}, "outputs": [{"data": {"text/html": "<script>"}}]}
    mended = submission(CHAPTER, json.dumps(raw).encode())
    return json.loads(autograded(mended.notebook, Verdict("ada", CHAPTER.name, "", "", (), found, 0.0)))


def test_it_is_a_valid_notebook_with_the_message_under_the_test_that_failed():
    told = notebook(FAILED)
    [test] = [cell for cell in told["cells"] if cell["id"] == f"test-{FIRST}"]

    nbformat.validate(told)
    assert test["outputs"][0]["traceback"] == [
        "Check failed (visible 1 of 2): too small",
        "Hint: look again",
        "In a cell of your own that ran before: oops",
    ]


def test_under_a_test_that_passed_there_is_nothing():
    told = notebook(ExerciseVerdict(FIRST, 10, 10, "passed"))

    assert all(not cell.get("outputs") for cell in told["cells"])
    assert "<script>" not in json.dumps(told)
