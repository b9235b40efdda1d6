"""Notebooks are valid, the same every time, and keep what is secret."""

import json

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from course_lib.exercises.notebook import leaks, render
from course_lib.exercises.source import read_chapter, with_answers
from tests.exercises.test_source import ABOUT, SOURCE

CHAPTER = read_chapter("01_test", SOURCE, ABOUT)


@pytest.mark.parametrize("state", ["source", "release"])
def test_notebooks_are_valid_for_jupyter_and_nbgrader(state):
    notebook = nbformat.reads(render(CHAPTER, state), as_version=4)

    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)


def test_the_same_chapter_gives_the_same_bytes():
    assert render(CHAPTER, "source") == render(read_chapter("01_test", SOURCE, ABOUT), "source")


def test_cell_ids_are_the_grade_ids():
    cells = json.loads(render(CHAPTER, "source"))["cells"]
    graded = [cell for cell in cells if "nbgrader" in cell["metadata"]]

    assert [cell["id"] for cell in graded] == ["setup-1", "twice", "test-twice", "why"]
    assert all(cell["metadata"]["nbgrader"]["grade_id"] == cell["id"] for cell in graded)


def test_a_release_holds_nothing_secret():
    text = render(CHAPTER, "release")

    assert leaks(text) == [] and leaks(render(CHAPTER, "source")) != []
    for secret in ("return 2 * x", "twice(21)", "Because.", "10 points for a reason"):
        assert secret not in text


def test_an_answer_of_somebody_is_kept_as_it_is():
    answer = "def twice(x):\n    return x + x"
    cells = json.loads(render(with_answers(CHAPTER, {"twice": answer}), "release"))["cells"]

    assert "".join(next(cell for cell in cells if cell["id"] == "twice")["source"]) == answer
