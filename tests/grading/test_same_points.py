"""`course grade` and stock nbgrader give the same points for every answer that the graders' own tests know.

To be quick, all answers of a chapter stand in one notebook, each above a copy of its tests; nbgrader grades it as a
submission. The other side is what `course grade` does with each answer.
"""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from course_lib.exercises.answer_files import known_answers
from course_lib.exercises.chapters import chapter_names, load_chapter
from course_lib.exercises.graders import answer_names, reference, setup_cells, unsolved
from course_lib.exercises.source import Chapter
from course_lib.grading.judge import Judge, bases
from course_lib.grading.repair import Work
from tests.places import ROOT

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
    ),
]


def answers_of(chapter: Chapter) -> dict[str, tuple[str, str]]:
    """Name of a variant -> exercise and answer."""
    found = {
        f"{name}-{kind}": (name, make(exercise))
        for name, exercise in chapter.exercises.items()
        for kind, make in (("reference", reference), ("stub", unsolved))
        if not exercise.is_essay
    }
    known = known_answers(ROOT / "tests" / "graders" / chapter.name)
    kinds = {True: "right", False: "wrong"}
    return found | {f"{one.exercise}-{kinds[one.right]}-{one.name}": (one.exercise, one.text) for one in known}


def cell(text: str, name: str, points: int = 0) -> dict[str, Any]:
    about = {"grade": True, "grade_id": name, "locked": True, "points": points, "schema_version": 3, "solution": False}
    metadata = {"nbgrader": {**about, "task": False}} if points else {}
    told = {"cell_type": "code", "id": name[:60], "metadata": metadata, "source": text}
    return {**told, "outputs": [], "execution_count": None}


def by_nbgrader(chapter: Chapter, answers: dict[str, tuple[str, str]], home: Path) -> dict[str, float]:
    """What stock nbgrader gives."""
    from nbgrader.api import Gradebook

    quiet = "import warnings; warnings.simplefilter('ignore')"  # a line on stderr costs all points there
    cells = [cell(text, f"given-{number}") for number, (_, text) in enumerate(setup_cells(chapter, "test", 7))]
    cells.append(cell(quiet, "quiet"))
    for number, (name, (exercise, text)) in enumerate(answers.items()):
        check = chapter.exercises[exercise].check
        assert check is not None
        gone = "\n".join(f"globals().pop({known!r}, None)" for known in answer_names(chapter.exercises[exercise]))
        cells += [cell(gone, f"gone-{number}"), cell(text, f"answer-{number}"), cell(check.text, name, check.points)]
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    }
    source = home / "source" / "all"
    source.mkdir(parents=True)
    (source / "all.ipynb").write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}))
    (home / "nbgrader_config.py").write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 120\n")
    nbgrader(home, "generate_assignment", "all")
    shutil.copytree(home / "release" / "all", home / "submitted" / "ada" / "all")
    nbgrader(home, "autograde", "all")
    with Gradebook(f"sqlite:///{home}/gradebook.db", "") as gradebook:
        found = gradebook.find_submission("all", "ada").notebooks[0].grades
        return {grade.name: grade.auto_score for grade in found}


def nbgrader(home: Path, *words: str) -> None:
    programs = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"  # it calls alembic
    environment = {**os.environ, "PATH": programs, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(home / ".ipython")}
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def by_course_grade(chapter: Chapter, answers: dict[str, tuple[str, str]]) -> dict[str, float]:
    """What `course grade` gives."""
    with bases() as warm, Judge(chapter, warm) as judge, ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda one: judge.judge(one[0], Work(one[1])), answers.values())
        return {name: float(verdict.points) for name, verdict in zip(answers, found, strict=True)}


@pytest.mark.parametrize("name", chapter_names())
def test_every_known_answer_gets_the_points_that_stock_nbgrader_gives(name: str, tmp_path: Path):
    chapter = load_chapter(name)
    answers = answers_of(chapter)

    found = by_course_grade(chapter, answers)

    assert found == by_nbgrader(chapter, answers, tmp_path)
