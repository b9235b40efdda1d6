"""Until when does each learner have time, and what did lateness cost?

class.toml and extensions.csv decide. `settle` brings nbgrader's gradebook in line with them (due date, extension, late
penalty), so that formgrader, nbgrader's own feedback and export show the same; it is called by every command that shows
points, because a grade given by hand changes what a per cent of the points is.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import BadArgument, InputError
from course_lib.grading.class_folder import ClassFolder, private, write_private
from course_lib.grading.class_rules import Rules
from course_lib.grading.late_policy import penalty
from course_lib.storage.lock import locked

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

Extensions = dict[tuple[str, str], datetime]  # (learner, chapter) to the new deadline, with its offset
_HEAD = ["learner", "chapter", "until"]


def read_extensions(path: Path) -> Extensions:
    """The extensions of a class; none where there is no file. Raises InputError."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8", "Save it as CSV in UTF-8.") from None
    found: Extensions = {}
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if row == _HEAD or not any(row):
            continue
        try:
            learner, chapter, until = row
            found[learner, chapter] = parse_time(until)
        except ValueError:
            raise InputError(
                path, f"line {number} is not `learner,chapter,until`", "Mend it, or give the extension anew."
            ) from None
    return found


def grant(of: ClassFolder, learner: str, chapter: str, until: datetime | None) -> datetime | None:
    """Give `learner` time until `until`, or none beyond the class's with None; the deadline that was theirs before.

    Raises BadArgument where the chapter has no deadline, or a later one.
    """
    deadline = of.rules().of(chapter).deadline
    if until is not None and deadline is None:
        raise BadArgument(f"{chapter} has no deadline: nothing to extend. Give it one in {of.root / 'class.toml'}.")
    if until is not None and deadline is not None and until <= deadline:
        raise BadArgument(f"{until.isoformat()} is not after the deadline of {chapter}, {deadline.isoformat()}")
    with private(), locked(of.root):
        told = read_extensions(of.extensions)
        before = told.pop((learner, chapter), None)
        if until is not None:
            told[learner, chapter] = until
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_HEAD)
        writer.writerows([*key, value.isoformat()] for key, value in sorted(told.items()))
        write_private(of.extensions, out.getvalue())
    return before or deadline


def parse_time(text: str) -> datetime:
    """A date and time with its offset from UTC. Raises ValueError.

    >>> parse_time("2026-12-01T12:00:00+01:00").astimezone(UTC).isoformat()
    '2026-12-01T11:00:00+00:00'
    """
    found = datetime.fromisoformat(text.strip())
    if found.tzinfo is None:
        raise ValueError(f"{text!r} says no offset from UTC")
    return found


def settle(gradebook: Gradebook, rules: Rules, extensions: Extensions, chapter: str) -> list[str]:
    """Bring due date, extensions and late penalties of a chapter in line with the rules; whose penalty changed."""
    from nbgrader.api import MissingEntry

    try:
        assignment = gradebook.find_assignment(chapter)
    except MissingEntry:
        return []
    told = rules.of(chapter)
    assignment.duedate = utc(told.deadline) if told.deadline else None
    changed = []
    for submission in assignment.submissions:
        learner = submission.student.id
        until = extensions.get((learner, chapter))
        longer = until - told.deadline if until and told.deadline else timedelta(0)
        submission.extension = longer if longer > timedelta(0) else None
        late = submission.total_seconds_late
        for notebook in submission.notebooks:
            now = penalty(told.policy, notebook.score, late)
            if now != (notebook.late_submission_penalty or 0.0):
                notebook.late_submission_penalty = now
                changed.append(learner)
    gradebook.db.commit()
    return changed


def utc(at: datetime) -> datetime:
    """`at` as nbgrader keeps times: in UTC, and without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)
