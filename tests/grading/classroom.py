"""A class of the practice chapter, and hand-ins for it."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, with_answers
from course_lib.grading.autograded import autograded
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook, write_private
from course_lib.grading.class_release import release_chapter
from course_lib.grading.class_roster import update_roster
from course_lib.grading.marks import enter, prepare
from course_lib.grading.verdict import ExerciseVerdict, Verdict, write_verdict
from tests.exercises.workshop import FIXTURE, NAME, answer_of, practice

TABLE = """id,first name,last name,email,lms_user_id
ana,Ana,García,ana@example.org,4711
bob,Bob,"Lee, Jr.",bob@example.org,4712
张三,三,张,zhang@example.org,4713
"""


def classroom(folder: Path) -> ClassFolder:
    """A class with three learners and the practice chapter."""
    of = new_class(folder / "class", "Practice")
    table = folder / "people.csv"
    table.write_text(TABLE, encoding="utf-8")
    update_roster(of, table)
    release_chapter(of, NAME, FIXTURE)
    return of


def submission(chapter: Chapter | None = None, **answers: str) -> str:
    """A notebook with these answers; `right` takes the reference."""
    known = chapter or practice()
    texts = {name: answer_of(known, name) if text == "right" else text for name, text in answers.items()}
    return render(with_answers(known, texts), "release")


def hand_in(of: ClassFolder, learner: str, text: str, at: str = "2026-11-30 20:00:00", chapter: str = NAME) -> None:
    """Put a notebook where collect puts it."""
    place = of.submitted(learner, chapter)
    write_private(place / f"{chapter}.ipynb", text)
    write_private(place / "timestamp.txt", f"{at} UTC\n")


def verdict(learner: str, *exercises: ExerciseVerdict, text: str = "") -> Verdict:
    """What a grader might say; exercises that are not named pass, prose waits."""
    told = {one.exercise: one for one in exercises}
    usual = (
        ExerciseVerdict("middle", 20, 20, "passed"),
        ExerciseVerdict("trimmed", 20, 20, "passed"),
        ExerciseVerdict("which", 0, 10, "hand"),
    )
    found = tuple(told.get(one.exercise, one) for one in usual)
    return Verdict(learner, NAME, hashlib.sha256(text.encode()).hexdigest(), "tests", (), found, 0.1)


def failed(
    exercise: str, check: str = "visible 1 of 3", message: str = "the middle is 2; yours is 3"
) -> ExerciseVerdict:
    """An exercise of the practice chapter whose check does not hold."""
    part = check.split()[0]
    return ExerciseVerdict(exercise, 0, 20, "failed", part, check, message, "Sort a copy.")


def graded(
    of: ClassFolder, told: Verdict, text: str, at: str = "2026-11-30 20:00:00", chapter: Chapter | None = None
) -> None:
    """Hand in `text` and enter the verdict, as `course grade` does."""
    known = chapter or practice()
    hand_in(of, told.learner, text, at, known.name)
    write_verdict(of.root, told)
    write_private(of.autograded(told.learner, known.name), autograded(json.loads(text), told))
    with open_gradebook(of) as gradebook:
        prepare(gradebook, known)
        enter(gradebook, known, told, f"{at} UTC", frozenset())


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def modes(root: Path) -> dict[str, str]:
    """The permissions of all that lies below a folder."""
    return {str(path.relative_to(root)): oct(path.lstat().st_mode & 0o777) for path in [root, *root.rglob("*")]}
