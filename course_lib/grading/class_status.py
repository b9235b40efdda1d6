"""Who has handed in what, and what is still to be done?

One line for each learner, one column for each released chapter. A sign says the state, a word says the same: nobody
needs to see colours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from course_lib.grading.class_deadlines import read_extensions
from course_lib.grading.class_folder import ClassFolder, open_gradebook
from course_lib.grading.class_roster import learners
from course_lib.grading.class_scores import ChapterScore, released, scores, written
from course_lib.grading.roster_file import Learner
from course_lib.grading.verdict import Verdict, read_verdicts

State = Literal["nothing", "handed in", "anew", "waits", "graded"]
SIGNS: dict[State, str] = {"nothing": "·", "handed in": "○", "anew": "◐", "waits": "✎", "graded": "✓"}
WORDS: dict[State, str] = {
    "nothing": "nothing yet", "handed in": "to be graded", "anew": "handed in anew", "waits": "a person reads",
    "graded": "done",
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Where one learner stands with one chapter."""

    state: State
    score: ChapterScore | None = None

    @property
    def late(self) -> bool:
        return self.score is not None and self.score.penalty > 0

    def __str__(self) -> str:
        points = f" {written(self.score.points)}" if self.score and self.state not in ("nothing", "handed in") else ""
        return f"{SIGNS[self.state]}{points}{' late' if self.late else ''}"


@dataclass(frozen=True)
class ClassStatus:
    """Where the class stands."""

    name: str
    learners: Sequence[Learner]
    chapters: Mapping[str, float]  # released ones, with their points
    standings: Mapping[tuple[str, str], Standing]  # by learner and chapter

    def count(self, chapter: str, *states: State) -> int:
        """Learners who stand so with a chapter."""
        return sum(self.standings[one.id, chapter].state in states for one in self.learners)


def status(of: ClassFolder) -> ClassStatus:
    """Where the class stands now."""
    rules, extensions, people = of.rules(), read_extensions(of.extensions), learners(of)
    standings: dict[tuple[str, str], Standing] = {}
    with open_gradebook(of) as gradebook:
        chapters = released(gradebook)
        for chapter in chapters:
            known = scores(gradebook, rules, extensions, chapter)
            verdicts = {verdict.learner: verdict for verdict in read_verdicts(of.root, chapter)}
            for learner in people:
                standings[learner.id, chapter] = _standing(
                    of, learner.id, chapter, verdicts.get(learner.id), known.get(learner.id)
                )
    return ClassStatus(rules.name, people, chapters, standings)


def _standing(
    of: ClassFolder, learner: str, chapter: str, verdict: Verdict | None, score: ChapterScore | None
) -> Standing:
    notebook = of.submitted(learner, chapter) / f"{chapter}.ipynb"
    if verdict is None:
        return Standing("handed in" if notebook.is_file() else "nothing", score)
    if notebook.is_file() and hashlib.sha256(notebook.read_bytes()).hexdigest() != verdict.submission_sha256:
        return Standing("anew", score)
    if not notebook.is_file() and any(one.ended == "missing" for one in verdict.exercises) and not verdict.points:
        return Standing("nothing", score)
    return Standing("waits" if score is None or score.waits else "graded", score)
