"""Whose points did a new look at the same hand-ins change?

Verdicts before and after, side by side. A person's points and comments are no part of a verdict, so a new look does not
touch them; where the tests now say something else about an exercise that a person graded, it is told. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from course_lib.grading.verdict import ExerciseVerdict, Verdict


class Change(NamedTuple):
    """One exercise of one hand-in that was judged differently."""

    learner: str
    exercise: str
    before: ExerciseVerdict | None
    after: ExerciseVerdict | None
    by_hand: bool = False  # a person's points count here, before and after

    @property
    def points(self) -> int:
        """How many points more, or fewer."""
        return (self.after.points if self.after else 0) - (self.before.points if self.before else 0)


def changes(
    before: Iterable[Verdict], after: Iterable[Verdict], graded_by_hand: Collection[tuple[str, str]] = ()
) -> list[Change]:
    """What is judged differently now: other points, or another end with the same ones; by learner and exercise.

    graded_by_hand   (learner, exercise) whose points a person gave
    """
    old, new = _by_exercise(before), _by_exercise(after)
    learners = {key[0] for key in old} & {key[0] for key in new}  # who handed in since is no change
    found = []
    for key in sorted(key for key in old.keys() | new.keys() if key[0] in learners):
        one, other = old.get(key), new.get(key)
        if one is None or other is None or (one.points, one.of, one.ended) != (other.points, other.of, other.ended):
            found.append(Change(*key, one, other, key in graded_by_hand))
    return found


def _by_exercise(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], ExerciseVerdict]:
    return {(verdict.learner, found.exercise): found for verdict in verdicts for found in verdict.exercises}
