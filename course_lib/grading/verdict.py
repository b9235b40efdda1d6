"""What did a submission earn, exercise by exercise, and in which words may its author know it?

A verdict is one JSON file per learner and chapter, CLASS/verdicts/CHAPTER/LEARNER.json, 0600, replaced in one step. It
holds nothing that is hidden: what came from a hidden test arrives here without inputs and source. Everything that is
shown elsewhere (gradebook, feedback, statistics) is made from it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from course_lib.errors import InputError
from course_lib.exercises.protocol.scratch import read_text
from course_lib.grading.class_folder import write_private

# How the tests of an exercise ended. slow: its time was up; died: the answer's process ended; refused: it broke the
# rules of the border, or took more than it may; missing: there is no such cell; hand: prose, a person grades it.
ENDED = ("passed", "failed", "slow", "died", "refused", "missing", "hand")
PARTS = ("answer", "visible", "hidden", "")  # where it failed; "" for passed, missing and hand
MOST_BYTES = 4 << 20  # of a file


@dataclass(frozen=True)
class ExerciseVerdict:
    """One exercise of a submission."""

    exercise: str
    points: int  # earned; 0 for what a person will grade
    of: int
    ended: str  # one of ENDED
    part: str = ""  # one of PARTS
    check: str = ""  # which check failed: "visible 3 of 5"; a number that tells nothing of what is hidden
    message: str = ""  # in words, for the learner
    hint: str = ""  # the exercise's first, where it failed
    seconds: float = 0.0  # to a tenth: finer times could tell what a hidden test asked
    remarks: tuple[str, ...] = ()  # errors of the learner's own cells, which ran before the answer

    @property
    def by_hand(self) -> bool:
        """Whether a person grades it."""
        return self.ended == "hand"


@dataclass(frozen=True)
class Verdict:
    """One submission."""

    learner: str
    chapter: str
    submission_sha256: str  # of the notebook's bytes; of nothing where there is none
    tests_sha256: str  # of the chapter's tests, set-up and seeds
    repairs: tuple[str, ...]  # what was mended before it ran, a sentence each
    exercises: tuple[ExerciseVerdict, ...]
    seconds: float

    @property
    def points(self) -> int:
        """Points earned, without those that a person gives."""
        return sum(found.points for found in self.exercises)

    @property
    def of(self) -> int:
        return sum(found.of for found in self.exercises)

    def is_of(self, submission_sha256: str, tests_sha256: str) -> bool:
        """Whether it was found on these bytes with these tests."""
        return (self.submission_sha256, self.tests_sha256) == (submission_sha256, tests_sha256)


def to_json(verdict: Verdict) -> str:
    """The verdict as JSON text.

    >>> empty = Verdict("ada", "01_introduction", "", "", (), (ExerciseVerdict("psi", 10, 10, "passed"),), 0.1)
    >>> from_json(to_json(empty)) == empty
    True
    """
    return json.dumps(asdict(verdict), indent=1, ensure_ascii=True) + "\n"


def from_json(text: str) -> Verdict:
    """The verdict that `text` holds. Raises ValueError for what is none."""
    try:
        told: dict[str, Any] = json.loads(text)
        exercises = tuple(
            ExerciseVerdict(**{**found, "remarks": tuple(found["remarks"])}) for found in told["exercises"]
        )
        verdict = Verdict(**{**told, "repairs": tuple(told["repairs"]), "exercises": exercises})
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a verdict: {type(error).__name__}: {error}") from error
    for found in exercises:
        if found.ended not in ENDED or found.part not in PARTS or type(found.points) is not int:
            raise ValueError(f"not a verdict: {found.exercise}: {found.ended!r}, {found.part!r}, {found.points!r}")
    return verdict


def verdict_path(root: Path, chapter: str, learner: str) -> Path:
    """Where the verdict of a learner lies in the class folder `root`."""
    return root / "verdicts" / chapter / f"{learner}.json"


def write_verdict(root: Path, verdict: Verdict) -> None:
    """Put the verdict into the class folder, in place of an older one."""
    write_private(verdict_path(root, verdict.chapter, verdict.learner), to_json(verdict))


def read_verdict(root: Path, chapter: str, learner: str) -> Verdict | None:
    """The verdict of a learner; None where there is none. Raises InputError for a file that is none."""
    path = verdict_path(root, chapter, learner)
    if not path.is_file():
        return None
    try:
        verdict = from_json(read_text(root / "verdicts", f"{chapter}/{path.name}", MOST_BYTES))
    except (ValueError, OSError) as error:
        raise InputError(path, f"is no verdict ({error})", "Remove it and run `course grade` again.") from error
    if (verdict.learner, verdict.chapter) != (learner, chapter):
        raise InputError(
            path, f"is the verdict of {verdict.learner}, {verdict.chapter}", "Remove it and run `course grade` again."
        )
    return verdict


def read_verdicts(root: Path, chapter: str) -> list[Verdict]:
    """All verdicts of a chapter, by learner. Raises InputError."""
    found = sorted(path.stem for path in (root / "verdicts" / chapter).glob("*.json") if not path.name.startswith("."))
    return [verdict for learner in found if (verdict := read_verdict(root, chapter, learner)) is not None]


def redacted(found: ExerciseVerdict) -> ExerciseVerdict:
    """What a learner may know of it: after a hidden test began, only how it ended, in words of ours.

    What an answer raises, prints or says to break off may carry what a hidden test gave it, so none of it is kept.
    """
    if found.part != "hidden":
        return found
    return replace(found, message=HIDDEN_WORDS[found.ended], remarks=())


HIDDEN_WORDS = {
    "failed": "The visible checks pass; a hidden check does not. It tries the same promise on other inputs: which case "
    "of the text is not among the visible ones?",
    "slow": "The visible checks pass; then the time was up in a hidden check. It may use larger inputs.",
    "died": "The visible checks pass; then the process of the answer ended in the middle of a hidden check.",
    "refused": "The visible checks pass; then the process of the answer broke the rules in a hidden check, or took "
    "more than it may have.",
}
