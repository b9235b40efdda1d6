"""How far is a learner, and what comes next?

Points are those of exercises whose visible tests held at the last check. They are a promise, not a grade: hidden
tests decide, and a person reads the prose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from course_lib.exercises.release import ChapterCard

State = Literal["new", "tried", "passed", "borrowed", "essay"]


class Event(NamedTuple):
    """Something a learner did: one line of the ledger."""

    what: str  # check, hint, reset
    chapter: str
    exercise: str
    outcome: str


@dataclass(frozen=True)
class ExerciseStanding:
    """Where a learner stands with one exercise."""

    chapter: str
    name: str
    title: str
    points: int
    state: State
    hints: int  # seen so far

    @property
    def earned(self) -> int:
        return self.points if self.state == "passed" else 0


@dataclass(frozen=True)
class ChapterStanding:
    """Where a learner stands with one chapter."""

    name: str
    title: str
    about: str
    exercises: tuple[ExerciseStanding, ...]

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def earned(self) -> int:
        return sum(exercise.earned for exercise in self.exercises)

    @property
    def checkable(self) -> int:
        """Points that check() can show; the rest are for a person to give."""
        return sum(exercise.points for exercise in self.exercises if exercise.state != "essay")

    @property
    def passed(self) -> int:
        return sum(exercise.state == "passed" for exercise in self.exercises)

    @property
    def hints(self) -> int:
        return sum(exercise.hints for exercise in self.exercises)


def standing(chapters: Iterable[ChapterCard], events: Iterable[Event]) -> tuple[ChapterStanding, ...]:
    """The standing in each chapter after `events`."""
    state: dict[tuple[str, str], str] = {}
    hints: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event.chapter, event.exercise)
        if event.what == "check":
            state[key] = event.outcome
        elif event.what == "hint":
            hints[key] = max(hints.get(key, 0), int(event.outcome))
        else:  # a chapter begun anew keeps the hints that were seen: they cannot be unseen
            state = {kept: told for kept, told in state.items() if kept[0] != event.chapter}

    def of(told: str | None, essay: bool) -> State:
        if essay:
            return "essay"
        if told == "passed":
            return "passed"
        if told == "borrowed":
            return "borrowed"
        return "new" if told in (None, "unwritten") else "tried"

    return tuple(
        ChapterStanding(
            chapter.name,
            chapter.title,
            chapter.about,
            tuple(
                ExerciseStanding(
                    chapter.name,
                    exercise.name,
                    exercise.title,
                    exercise.points,
                    of(state.get((chapter.name, exercise.name)), exercise.test is None),
                    hints.get((chapter.name, exercise.name), 0),
                )
                for exercise in chapter.exercises
            ),
        )
        for chapter in chapters
    )


def next_step(chapters: tuple[ChapterStanding, ...]) -> ExerciseStanding | None:
    """The exercise to take up: the first not yet passed, in the chapter worked on last; None when all are done."""
    begun = [chapter for chapter in chapters if 0 < chapter.earned < chapter.checkable]
    for chapter in [*begun[-1:], *chapters]:
        for exercise in chapter.exercises:
            if exercise.state not in ("passed", "essay"):
                return exercise
    return None
