"""Deadlines, extensions and penalties are the same in the class's files, in the gradebook and in plain nbgrader."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from course_lib.errors import BadArgument, InputError
from course_lib.grading.class_deadlines import grant, parse_time, read_extensions, settle
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook
from tests.exercises.workshop import NAME
from tests.grading.classroom import failed, graded, modes, submission, verdict

DEADLINE = "2026-11-30T21:00:00+01:00"  # 20:00 UTC


def rule(of: ClassFolder, deadline: str = DEADLINE) -> None:
    path = of.root / "class.toml"
    path.write_text(path.read_text("utf-8") + f"\n[chapters.{NAME}]\ndeadline = {deadline}\n", "utf-8")


def penalties(of: ClassFolder) -> dict[str, float | None]:
    with open_gradebook(of) as gradebook:
        settle(gradebook, of.rules(), read_extensions(of.extensions), NAME)
        return {one.student_id: one.late_submission_penalty for one in gradebook.assignment_submissions(NAME)}


def test_lateness_costs_in_the_gradebook_what_the_policy_says(of: ClassFolder):
    rule(of)
    graded(of, verdict("ana"), submission(), "2026-11-30 20:15:00")
    graded(of, verdict("bob"), submission(), "2026-11-30 20:15:01")
    graded(of, verdict("张三", failed("middle")), submission(), "2026-12-09 00:00:00")

    assert penalties(of) == {"ana": 0, "bob": 4, "张三": 20}


def test_points_that_a_person_gives_count_for_the_penalty_too(of: ClassFolder):
    rule(of)
    graded(of, verdict("bob"), submission(), "2026-11-30 23:00:00")
    with open_gradebook(of) as gradebook:
        gradebook.find_grade("which", NAME, NAME, "bob").manual_score = 10
        gradebook.db.commit()

    assert penalties(of) == {"bob": 5}


def test_an_extension_moves_the_deadline_of_one(of: ClassFolder):
    rule(of)
    for learner in ("ana", "bob"):
        graded(of, verdict(learner), submission(), "2026-12-01 12:00:00")

    before = grant(of, "ana", NAME, parse_time("2026-12-01T13:00:00+01:00"))

    assert before == parse_time(DEADLINE)
    assert penalties(of) == {"ana": 0, "bob": 4}
    with open_gradebook(of) as gradebook:
        submission_of_ana = gradebook.find_submission(NAME, "ana")
        assert submission_of_ana.duedate == datetime(2026, 12, 1, 12)  # in UTC, as nbgrader keeps it
        assert submission_of_ana.total_seconds_late == 0
    assert grant(of, "ana", NAME, None) == parse_time("2026-12-01T13:00:00+01:00")
    assert penalties(of) == {"ana": 4, "bob": 4}
    assert modes(of.root)["extensions.csv"] == "0o600"


def test_an_extension_may_come_before_the_hand_in(of: ClassFolder):
    rule(of)
    grant(of, "ana", NAME, parse_time("2026-12-02T00:00:00+00:00"))
    graded(of, verdict("ana"), submission(), "2026-12-01 12:00:00")

    assert penalties(of) == {"ana": 0}


def test_an_extension_needs_a_deadline_and_a_later_time(of: ClassFolder):
    with pytest.raises(BadArgument, match="has no deadline"):
        grant(of, "ana", NAME, parse_time("2026-12-02T00:00:00Z"))
    rule(of)
    with pytest.raises(BadArgument, match="is not after the deadline"):
        grant(of, "ana", NAME, parse_time("2026-11-30T21:00:00+01:00"))


def test_a_deadline_that_is_taken_away_takes_its_penalties_away(of: ClassFolder):
    plain = (of.root / "class.toml").read_text("utf-8")
    rule(of)
    grant(of, "ana", NAME, parse_time("2026-12-02T00:00:00Z"))
    graded(of, verdict("ana"), submission(), "2026-12-05 12:00:00")
    assert penalties(of) == {"ana": 16}

    (of.root / "class.toml").write_text(plain, "utf-8")

    assert penalties(of) == {"ana": 0}


def test_a_broken_line_of_extensions_is_named(of: ClassFolder):
    of.extensions.write_text("learner,chapter,until\nana,01,tomorrow\n")

    with pytest.raises(InputError, match="line 2"):
        read_extensions(of.extensions)


def autograde(of: ClassFolder) -> None:
    """`nbgrader autograde` in the class, with nothing but the class's own configuration."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", NAME, "--student=bob", "--force",
         f"--CourseDirectory.source_directory={Path(__file__).parents[1] / 'exercises/fixture/chapters'}"],
        cwd=of.root, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.full
def test_plain_nbgrader_takes_off_the_same(of: ClassFolder):
    rule(of)
    graded(of, verdict("bob"), submission(middle="right", trimmed="right"), "2026-12-02 12:00:00")
    ours = penalties(of)
    with open_gradebook(of) as gradebook:
        notebook = gradebook.find_submission_notebook(NAME, NAME, "bob")
        notebook.late_submission_penalty = None
        gradebook.db.commit()

    autograde(of)

    with open_gradebook(of) as gradebook:
        notebook = gradebook.find_submission_notebook(NAME, NAME, "bob")
        assert (notebook.score, notebook.late_submission_penalty) == (40, 8)
    assert ours == {"bob": 8}


@pytest.mark.full
def test_plain_nbgrader_runs_the_tests_of_course_grade_also_where_nothing_was_released(tmp_path: Path):
    of = new_class(tmp_path / "class")
    by_heart = "def middle(values):\n    return {3: 2, 4: 2.5}[len(values)] if values else float('x')"
    graded(of, verdict("bob", failed("middle", "hidden 1 of 1")), submission(middle=by_heart, trimmed="right"))

    autograde(of)

    with open_gradebook(of) as gradebook:
        grades = gradebook.find_submission_notebook(NAME, NAME, "bob").grades
        assert {one.name: one.auto_score for one in grades} == {"test-middle": 0, "test-trimmed": 20, "which": None}
