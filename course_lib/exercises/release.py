"""What may a learner see of a chapter, and nothing more?

Two texts for each chapter: the released notebook (stubs, visible tests), and a card. The card is what `check`,
`hint` and `progress` work from, so that they need neither the chapter's source nor the learner's own copy: titles,
points, hints, visible tests, stubs, the set-up, and what the pictures show.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, stub, visible


@dataclass(frozen=True)
class ExerciseCard:
    """An exercise as its learner may know it."""

    name: str
    title: str
    points: int
    seconds: float  # time budget of its tests
    hides: tuple[str, ...]  # modules that contain an answer
    hints: tuple[str, ...]
    stub: str  # the answer cell as it was released
    test: str | None  # the visible tests; None for an essay, which a person reads


@dataclass(frozen=True)
class ChapterCard:
    """A chapter as its learner may know it."""

    name: str  # of its folder: 03_validation
    title: str
    about: str  # the claim it opens with
    exercises: tuple[ExerciseCard, ...]
    setup: tuple[str, ...]  # the locked cells that answers and tests stand on
    alts: dict[str, str] = field(default_factory=dict)  # the text of a cell that draws, and what its picture shows

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises)


def card(chapter: Chapter) -> ChapterCard:
    """What is written on the card of a chapter."""
    exercises = tuple(
        ExerciseCard(
            name=exercise.name,
            title=exercise.title,
            points=exercise.points,
            seconds=exercise.seconds,
            hides=exercise.hides,
            hints=exercise.hints,
            stub=stub(exercise),
            test=None if exercise.check is None else visible(exercise.check),
        )
        for exercise in chapter.exercises.values()
    )
    return ChapterCard(
        name=chapter.name,
        title=_title(chapter),
        about=_claim(chapter),
        exercises=exercises,
        setup=tuple(cell.text for cell in chapter.cells if cell.kind == "setup"),
        alts={cell.text.strip(): cell.alt for cell in chapter.cells if cell.alt},
    )


def card_text(of: ChapterCard) -> str:
    """The card as JSON text."""
    return json.dumps(asdict(of), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read_card(text: str) -> ChapterCard:
    """The card that `text` holds. Raises ValueError, KeyError or TypeError for what is none."""
    told: dict[str, Any] = json.loads(text)
    exercises = tuple(
        ExerciseCard(**{**exercise, "hides": tuple(exercise["hides"]), "hints": tuple(exercise["hints"])})
        for exercise in told["exercises"]
    )
    return ChapterCard(**{**told, "exercises": exercises, "setup": tuple(told["setup"])})


def release(chapter: Chapter) -> dict[str, str]:
    """The files of a chapter's release, by name: the notebook and the card."""
    return {f"{chapter.name}.ipynb": render(chapter, "release"), "card.json": card_text(card(chapter))}


def _title(chapter: Chapter) -> str:
    for cell in chapter.cells:
        found = re.search(r"^# +(.+)$", cell.text, re.MULTILINE) if cell.kind == "prose" else None
        if found:
            return found[1].strip()
    number, _, topic = chapter.name.partition("_")
    return f"{number.lstrip('0') or number}. {topic.replace('_', ' ').capitalize()}"


def _claim(chapter: Chapter) -> str:
    for cell in chapter.cells:
        found = re.search(r"\*\*Claim[.:]?\*\*[.:]?\s*(.+?)(?:\n\s*\n|\Z)", cell.text, re.DOTALL)
        if found and cell.kind == "prose":
            return " ".join(found[1].split())
    return ""
