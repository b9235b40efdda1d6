"""How do points get into nbgrader's gradebook, all of a submission's or none?

Through nbgrader's own API, whose many commits are held back until the submission is complete. A table of ours beside
nbgrader's says of which file and which tests the points are: it is written in the same transaction, so that a run that
was killed knows what is left to do. What a person gave by hand is never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from course_lib.exercises.notebook import render
from course_lib.exercises.source import ESSAY, SOLUTION, STUB, Chapter, without
from course_lib.grading.verdict import Verdict

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NO_RESPONSE = "No response."  # nbgrader's own words
_TABLE = (
    "CREATE TABLE IF NOT EXISTS course_graded (learner TEXT NOT NULL, chapter TEXT NOT NULL, "
    "submission_sha256 TEXT NOT NULL, tests_sha256 TEXT NOT NULL, PRIMARY KEY (learner, chapter))"
)


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """All that the block does is committed at its end, or none of it."""
    session: Any = gradebook.db
    commit = session.commit
    session.commit = session.flush  # what the API's methods call
    try:
        yield
        commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.commit


def prepare(gradebook: Gradebook, chapter: Chapter) -> None:
    """Make the gradebook know the chapter and its graded cells, as they are now.

    nbgrader's own copies of cells, hidden tests included, are brought up to date, too: a plain `nbgrader autograde`
    afterwards runs the tests that gave these points, whatever was released, and when.
    """
    from sqlalchemy import text

    name = chapter.name
    cells = [cell for cell in json.loads(render(chapter, "release"))["cells"] if "nbgrader" in cell["metadata"]]
    with one_transaction(gradebook):
        gradebook.db.execute(text(_TABLE))
        gradebook.update_or_create_assignment(name)
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        gradebook.update_or_create_notebook(name, name, kernelspec=json.dumps(kernel))
        for cell in cells:
            about = cell["metadata"]["nbgrader"]
            kind, key = cell["cell_type"], about["grade_id"]
            if about["grade"]:
                gradebook.update_or_create_grade_cell(key, name, name, max_score=float(about["points"]), cell_type=kind)
            if about["solution"]:
                gradebook.update_or_create_solution_cell(key, name, name)
        for key, copy in _copies(chapter).items():
            gradebook.update_or_create_source_cell(key, name, name, **copy)
        _forget(gradebook, name, {cell["metadata"]["nbgrader"]["grade_id"] for cell in cells})


def marked(gradebook: Gradebook, chapter: str) -> dict[str, tuple[str, str]]:
    """Of which file and which tests the points are: learner -> digests of both."""
    from sqlalchemy import text

    rows = gradebook.db.execute(
        text("SELECT learner, submission_sha256, tests_sha256 FROM course_graded WHERE chapter = :chapter"),
        {"chapter": chapter},
    )
    return {learner: (submission, tests) for learner, submission, tests in rows}


def enter(gradebook: Gradebook, chapter: Chapter, verdict: Verdict, timestamp: str, unanswered: frozenset[str]) -> None:
    """Enter a verdict, in one transaction.

    timestamp   when it was handed in, as nbgrader writes it; "" where nobody knows
    unanswered  the exercises in prose that are as they were released: no points, and nothing to read
    """
    name, learner = chapter.name, verdict.learner
    before = marked(gradebook, name).get(learner)
    other_file = before is None or before[0] != verdict.submission_sha256
    with one_transaction(gradebook):
        gradebook.update_or_create_student(learner)
        more = {"timestamp": timestamp} if timestamp else {}
        with gradebook.db.no_autoflush:  # the API builds it bit by bit
            gradebook.update_or_create_submission(name, learner, **more)
        for found in verdict.exercises:
            essay = chapter.exercises[found.exercise].is_essay
            grade = _grade(gradebook, found.exercise if essay else f"test-{found.exercise}", name, learner)
            blank = found.exercise in unanswered or found.ended == "missing"
            points = (0.0 if blank else None) if essay else float(found.points)
            changed = grade.auto_score != points
            grade.auto_score = points
            if grade.manual_score is None:
                grade.needs_manual_grade = points is None
            elif other_file or changed:
                grade.needs_manual_grade = True  # a person decided on something else
            comment = _comment(gradebook, found.exercise, name, learner)
            comment.auto_comment = NO_RESPONSE if blank else None
        _mark(gradebook, verdict)
    gradebook.db.expunge_all()  # the next submission needs none of it, and there may be thousands


def _grade(gradebook: Gradebook, cell: str, chapter: str, learner: str) -> Any:
    from nbgrader.api import Grade, MissingEntry

    try:
        return gradebook.find_grade(cell, chapter, chapter, learner)
    except MissingEntry:  # the cell is younger than the submission
        found = gradebook.find_grade_cell(cell, chapter, chapter)
        grade = Grade(cell_id=found.id, notebook=gradebook.find_submission_notebook(chapter, chapter, learner))
        gradebook.db.add(grade)
        gradebook.db.flush()
        return gradebook.find_grade(cell, chapter, chapter, learner)


def _comment(gradebook: Gradebook, cell: str, chapter: str, learner: str) -> Any:
    from nbgrader.api import Comment, MissingEntry

    try:
        return gradebook.find_comment(cell, chapter, chapter, learner)
    except MissingEntry:
        found = gradebook.find_solution_cell(cell, chapter, chapter)
        comment = Comment(cell_id=found.id, notebook=gradebook.find_submission_notebook(chapter, chapter, learner))
        gradebook.db.add(comment)
        gradebook.db.flush()
        return gradebook.find_comment(cell, chapter, chapter, learner)


def _copies(chapter: Chapter) -> dict[str, dict[str, Any]]:
    """The cells as nbgrader keeps them, by name: tests whole, answers as stubs (its preprocessor SaveCells)."""
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum

    found = {}
    for cell in json.loads(render(chapter, "source"))["cells"]:
        about, kind = cell["metadata"].get("nbgrader"), cell["cell_type"]
        if not about:
            continue
        key, source = about["grade_id"], "".join(cell["source"])
        if about["solution"]:
            source = without(source, SOLUTION, ESSAY if kind == "markdown" else STUB.format(name=key))
        checksum = compute_checksum(from_dict({**cell, "source": source}))
        found[key] = {"cell_type": kind, "locked": about["locked"], "source": source, "checksum": checksum}
    return found


def _forget(gradebook: Gradebook, chapter: str, kept: set[str]) -> None:
    """Remove the cells that the chapter no longer has, and their points."""
    notebook: Any = gradebook.find_notebook(chapter, chapter)
    for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.source_cells]:
        if cell.name not in kept:
            for row in [*getattr(cell, "grades", ()), *getattr(cell, "comments", ())]:
                gradebook.db.delete(row)
            gradebook.db.delete(cell)


def _mark(gradebook: Gradebook, verdict: Verdict) -> None:
    from sqlalchemy import text

    gradebook.db.execute(
        text("INSERT OR REPLACE INTO course_graded VALUES (:learner, :chapter, :submission, :tests)"),
        {
            "learner": verdict.learner,
            "chapter": verdict.chapter,
            "submission": verdict.submission_sha256,
            "tests": verdict.tests_sha256,
        },
    )
