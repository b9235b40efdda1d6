"""What does a learner read about a hand-in?

Points, and for each exercise what failed, in words, the hint that fits, and what a person wrote. Everything comes from
the verdict (which holds nothing hidden), the gradebook, and the learner's own notebook. Pure: data in, HTML out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup

from course_lib.exercises.release import ChapterCard
from course_lib.grading.class_scores import ChapterScore, ExerciseScore, written
from course_lib.grading.late_policy import Policy, days_late
from course_lib.grading.pages import rendered, shown, worded
from course_lib.grading.repair import as_typed
from course_lib.grading.roster_file import Learner
from course_lib.grading.verdict import ExerciseVerdict, Verdict


class Comment(NamedTuple):
    """Something that somebody wrote beside an answer."""

    who: str
    text: str


@dataclass(frozen=True)
class ExercisePart:
    """One exercise of the page."""

    name: str
    title: str
    points: str
    of: str
    tone: str  # good, bad, wait
    sign: str
    state: str
    message: Markup
    hint: Markup
    comments: tuple[Comment, ...]
    remarks: tuple[str, ...]
    answer: str | None
    prose: bool


@dataclass(frozen=True)
class FeedbackPage:
    """The page."""

    title: str
    name: str
    points: str
    of: str
    part: float  # per cent
    facts: tuple[str, ...]
    exercises: tuple[ExercisePart, ...]
    repairs: tuple[str, ...]


_STATES = {  # how it ended, in words for the learner
    "passed": ("good", "✓", "All checks pass"),
    "failed": ("bad", "✗", "A check does not hold"),
    "slow": ("bad", "✗", "It took too long"),
    "died": ("bad", "✗", "Its process ended"),
    "refused": ("bad", "✗", "It broke the rules"),
    "missing": ("bad", "○", "There is no such answer in your notebook"),
    "hand": ("wait", "✎", "Read by a person: not yet"),
}


def feedback_page(
    learner: Learner,
    chapter: ChapterCard,
    verdict: Verdict,
    score: ChapterScore | None,
    answers: Mapping[str, str],
    at: datetime | None,
    deadline: datetime | None,
    policy: Policy,
) -> str:
    """The feedback as HTML.

    score     of the gradebook; None where it holds none yet: the points of the tests then count
    answers   exercise to what the learner wrote
    at        when it was handed in
    deadline  the learner's own
    """
    titles = {one.name: one.title for one in chapter.exercises}
    essays = {one.name for one in chapter.exercises if one.test is None}
    blank = {one.name for one in chapter.exercises if answers.get(one.name, "").strip() == one.stub.strip()}
    parts = [
        _part(found, score.names.get(found.exercise) if score else None, titles, essays, blank, answers)
        for found in verdict.exercises
    ]
    points = score.points if score else float(verdict.points)
    of = score.of if score and score.of else float(verdict.of)
    page = FeedbackPage(
        title=shown(chapter.title),
        name=shown(learner.name or learner.id),
        points=written(points),
        of=written(of),
        part=round(100 * min(points / of, 1.0), 1) if of else 0.0,
        facts=tuple(_facts(verdict, score, at, deadline, policy)),
        exercises=tuple(parts),
        repairs=tuple(_sentence(shown(repair)) for repair in verdict.repairs),
    )
    return rendered("feedback.html.j2", page)


def answers_of(notebook: str, chapter: ChapterCard) -> dict[str, str]:
    """What a learner wrote, by exercise; nothing of an exercise whose cell is gone, nor of a broken file."""
    try:
        cells = json.loads(notebook)["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    names = {one.name for one in chapter.exercises}
    found: dict[str, str] = {}
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        for key in (cell.get("id"), _grade_id(cell)):
            if isinstance(key, str) and key in names and key not in found:
                source = cell.get("source", "")
                parts = source if isinstance(source, list) else [source]
                found[key] = "".join(part for part in parts if isinstance(part, str))
                break
    return found


def _facts(
    verdict: Verdict, score: ChapterScore | None, at: datetime | None, deadline: datetime | None, policy: Policy
) -> Sequence[str]:
    facts = []
    if at is not None:
        local = at.astimezone(deadline.tzinfo) if deadline else at
        facts.append(
            f"Handed in {local.strftime('%Y-%m-%d %H:%M')} UTC{local.strftime('%z')[:3]}:{local.strftime('%z')[3:]}"
        )
    if score and score.seconds_late:
        days = days_late(policy, score.seconds_late)
        late = "within the grace: nothing is taken off" if not days else f"day {days} after the deadline"
        facts.append(f"Late, {late}" + (f": {written(score.penalty)} points are taken off" if score.penalty else ""))
    waiting = [one for one in verdict.exercises if one.by_hand and (score is None or _waits(score, one.exercise))]
    if waiting:
        more = sum(one.of for one in waiting)
        facts.append(f"{more} points wait for a person who reads your prose")
    return facts


def _waits(score: ChapterScore, exercise: str) -> bool:
    one = score.names.get(exercise)
    return one is None or one.waits


def _part(
    found: ExerciseVerdict,
    score: ExerciseScore | None,
    titles: Mapping[str, str],
    essays: set[str],
    blank: set[str],
    answers: Mapping[str, str],
) -> ExercisePart:
    missing = found.ended == "missing"  # and a stub stands in its place
    unwritten = found.exercise in blank and found.ended != "passed" and not missing
    answer, prose = answers.get(found.exercise), found.exercise in essays
    tone, sign, state = ("wait", "○", "Not answered") if unwritten else _STATES[found.ended]
    points = float(found.points)
    comments = []
    if score is not None:
        points = score.points
        if score.manual is not None and (found.by_hand or score.manual != (score.auto or 0.0)):
            full = score.points >= score.of
            tone, sign = ("good", "✓") if full else ("wait", "✎")
            state = "Read by a person" if found.by_hand else f"{state}; the points are a person's"
        if score.comment:
            comments.append(Comment("A person wrote", shown(score.comment)))
    if found.check and found.ended != "passed" and not unwritten:
        state = f"{state}: {found.check}"
    return ExercisePart(
        name=re.sub(r"[^\w-]", "-", found.exercise),
        title=shown(titles.get(found.exercise, found.exercise)),
        points=written(points),
        of=written(float(found.of)),
        tone=tone,
        sign=sign,
        state=state,
        message=worded("" if unwritten else found.message),
        hint=worded(found.hint),
        comments=tuple(comments),
        remarks=tuple(shown(remark, 2000) for remark in found.remarks),
        answer=None if unwritten or missing or answer is None else shown(as_typed(answer) if prose else answer),
        prose=prose,
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _grade_id(cell: Mapping[str, Any]) -> Any:
    metadata = cell.get("metadata")
    told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return told.get("grade_id") if isinstance(told, dict) else None
