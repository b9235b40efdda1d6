"""How do hand-ins come into the class?

From a folder or a zip, in whatever layout a learning platform writes: whose a file is stands in hand_in_names.py, what
is read and what is refused in hand_in_files.py. A notebook belongs to the chapter whose exercises it holds, whatever it
is called. The newest of a learner wins, here and against what was collected before; what it replaces goes to earlier/.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from course_lib.errors import InputError
from course_lib.exercises.source import Chapter
from course_lib.grading.class_folder import ClassFolder, private, write_private
from course_lib.grading.class_roster import learners
from course_lib.grading.hand_in_files import ALL, HandIn, Refused, hand_ins
from course_lib.grading.hand_in_names import Roster, clue, unwrapped
from course_lib.storage.atomic import replacing_folder

What = Literal["new", "newer", "same", "older"]
_FORM = "%Y-%m-%d %H:%M:%S UTC"  # as nbgrader writes timestamp.txt


class Taken(NamedTuple):
    """What became of the hand-in of a learner."""

    learner: str
    path: str
    at: datetime
    what: What
    passed_over: tuple[str, ...]  # older files of the same learner
    broken: str = ""  # why it cannot be read as a notebook


@dataclass
class Collected:
    """What was found in a folder or a zip."""

    taken: list[Taken] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)  # files of nobody, and why
    refused: list[tuple[str, str]] = field(default_factory=list)  # files that are not taken, and why
    elsewhere: list[str] = field(default_factory=list)  # notebooks that are not of this chapter
    absent: list[str] = field(default_factory=list)  # learners of whom nothing is there, now or before
    others: int = 0  # files that are no notebooks


class _Candidate(NamedTuple):
    hand_in: HandIn
    at: datetime
    broken: str
    origin: str


def collect(
    of: ClassFolder,
    chapter: Chapter,
    source: Path,
    at: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Collected:
    """Take the hand-ins of `chapter` out of `source`; with `at`, all count as handed in then.

    Raises InputError for what cannot be looked into; what is wrong with single files is in the answer.
    """
    rules, everybody = of.rules(), learners(of)
    if not everybody:
        raise InputError(of.root, "has no learners", "`course class roster FILE.csv` brings them in.")
    roster = Roster(everybody)
    chapters = sorted({chapter.name, *rules.chapters})
    result = Collected()
    fallback = datetime.fromtimestamp(source.stat().st_mtime, UTC) if source.exists() else datetime.now(UTC)
    with hand_ins(source, rules.zone) as found:
        result.refused, result.others = found.refused, found.others
        depth = unwrapped([one.parts for one in found.notebooks], roster, chapters)
        by_learner: defaultdict[str, list[_Candidate]] = defaultdict(list)
        budget = ALL
        for number, one in enumerate(found.notebooks):
            progress(number, len(found.notebooks))
            told = clue(one.parts[depth:], chapters)
            owner = roster.owner(told)
            if not owner.learner:
                result.unknown.append((one.path, owner.why))
                continue
            try:
                content = one.read()
            except Refused as error:
                result.refused.append((one.path, str(error)))
                continue
            budget -= len(content)
            if budget < 0:
                raise InputError(source, f"unpacks to more than {ALL // 2**30} GB", "Collect it in parts.")
            broken = _belongs(content, chapter)
            if broken is None:
                result.elsewhere.append(one.path)
                continue
            when = at or (told.at if told.at is None or told.at.tzinfo else told.at.replace(tzinfo=rules.zone))
            by_learner[owner.learner].append(_Candidate(one, when or one.at or fallback, broken, told.origin))
        for learner, candidates in sorted(by_learner.items()):
            if len({one.origin for one in candidates}) > 1:  # a name that somebody gave himself may be another's
                why = f"more than one person claims to be {learner!r}: rename all but one"
                result.unknown += [(one.hand_in.path, why) for one in candidates]
                continue
            candidates.sort(key=lambda one: (not one.broken, one.at, one.hand_in.parts), reverse=True)
            result.taken.append(_take(of, chapter.name, learner, candidates))
    result.absent = [
        learner.id
        for learner in everybody
        if learner.id not in by_learner and not of.submitted(learner.id, chapter.name).exists()
    ]
    return result


def handed_in(of: ClassFolder, learner: str, chapter: str) -> datetime | None:
    """When a learner handed in what lies in the class; None where nothing does, or nobody says."""
    try:
        text = (of.submitted(learner, chapter) / "timestamp.txt").read_text("utf-8").strip()
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except (OSError, ValueError):
        return None


def _take(of: ClassFolder, chapter: str, learner: str, candidates: list[_Candidate]) -> Taken:
    """Put the first of the candidates where the grader looks for it, unless what lies there is newer."""
    best, rest = candidates[0], tuple(one.hand_in.path for one in candidates[1:])
    content = best.hand_in.read()
    place, at = of.submitted(learner, chapter), best.at.astimezone(UTC).replace(microsecond=0)
    taken = Taken(learner, best.hand_in.path, at, "new", rest, best.broken)
    before = place / f"{chapter}.ipynb"
    if before.is_file():
        old, since = before.read_bytes(), handed_in(of, learner, chapter)
        if old == content:
            return taken._replace(what="same", at=since or at)
        if since is not None and since >= at:
            return taken._replace(what="older")
        stamp = (since or datetime.fromtimestamp(before.stat().st_mtime, UTC)).strftime("%Y-%m-%dT%H%M%SZ")
        write_private(of.root / "earlier" / learner / chapter / f"{stamp}.ipynb", old)
        taken = taken._replace(what="newer")
    with private(), replacing_folder(place) as beside:
        (beside / f"{chapter}.ipynb").write_bytes(content)
        (beside / "timestamp.txt").write_text(at.strftime(_FORM) + "\n", encoding="ascii")
    return taken


def _belongs(content: bytes, chapter: Chapter) -> str | None:
    """Is this a notebook of `chapter`? "" yes; why it cannot be read, where one may guess that it is; None no."""
    names = set(chapter.exercises) | {f"test-{name}" for name in chapter.exercises}
    try:
        notebook = json.loads(content)
        cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        there = sum(bool(re.search(rb'"' + re.escape(name.encode()) + rb'"', content)) for name in names)
        why = f"{type(error).__name__}: {error}" if not isinstance(error, KeyError) else "it has no cells"
        return why if there or not content.strip() else None
    keys = {key for cell in cells for key in (cell.get("id"), _grade_id(cell)) if isinstance(key, str)}
    return "" if keys & names else None


def _grade_id(cell: dict[str, Any]) -> Any:
    metadata = cell.get("metadata")
    told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return told.get("grade_id") if isinstance(told, dict) else None
