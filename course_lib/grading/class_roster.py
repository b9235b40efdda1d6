"""Who is in the class, and how do they come in?

Learners live in nbgrader's gradebook. A table adds and updates; whoever it does not name stays, and is told of.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from course_lib.errors import BadArgument, InputError
from course_lib.grading.class_folder import ClassFolder, open_gradebook
from course_lib.grading.roster_file import Learner, RosterFile, folded, read_roster


class RosterChange(NamedTuple):
    """What a table did to a class: ids, in the order of the table."""

    file: RosterFile
    added: list[str]
    updated: list[str]
    same: list[str]
    absent: list[str]  # in the class, not in the table: kept


def learners(of: ClassFolder) -> list[Learner]:
    """The learners of a class, by name."""
    with open_gradebook(of) as gradebook:
        from nbgrader.api import Student

        found = [_learner(student) for student in gradebook.db.query(Student).all()]
    return sorted(found, key=lambda learner: (folded(learner.last), folded(learner.first), folded(learner.id)))


def the_learner(of: ClassFolder, named: str) -> str:
    """The id that is meant by `named`, whatever its case. Raises BadArgument."""
    known = {folded(learner.id): learner.id for learner in learners(of)}
    if folded(named) in known:
        return known[folded(named)]
    import difflib

    near = difflib.get_close_matches(folded(named), known, n=1)
    hint = f"do you mean {known[near[0]]!r}?" if near else "`course class status` lists them."
    raise BadArgument(f"there is no learner {named!r} in {of.root}; {hint}")


def update_roster(of: ClassFolder, path: Path, encoding: str | None = None) -> RosterChange:
    """Bring the table at `path` into the class: everything in it, or nothing. Raises InputError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, (error.strerror or str(error)).lower(), "Name the table of your class.") from None
    told = read_roster(path, content, encoding)
    added: list[str] = []
    updated: list[str] = []
    same: list[str] = []
    with open_gradebook(of) as gradebook:
        from nbgrader.api import Student

        there = {folded(student.id): student for student in gradebook.db.query(Student).all()}
        for learner in told.learners:
            student = there.get(folded(learner.id))
            if student is None:
                gradebook.db.add(_student(learner))
                added.append(learner.id)
                continue
            before = _learner(student)
            for field, value in _columns(learner).items():
                if value:  # a table without a column takes nothing away
                    setattr(student, field, value)
            (same if _learner(student) == before else updated).append(student.id)
        gradebook.db.commit()
        named = {folded(learner.id) for learner in told.learners}
        absent = sorted(student.id for key, student in there.items() if key not in named)
    return RosterChange(told, added, updated, same, absent)


def _columns(learner: Learner) -> dict[str, str]:
    return {
        "first_name": learner.first, "last_name": learner.last, "email": learner.email, "lms_user_id": learner.platform,
    }  # fmt: skip


def _student(learner: Learner) -> object:
    from nbgrader.api import Student

    return Student(id=learner.id, **{field: value or None for field, value in _columns(learner).items()})


def _learner(student: object) -> Learner:
    fields = ("id", "first_name", "last_name", "email", "lms_user_id")
    return Learner(*(getattr(student, field) or "" for field in fields))
