"""Which checks failed how often, and what do the hand-ins that failed them have in common?

Made of verdicts alone. Hand-ins that failed the same check with the same message stand together: numbers in messages
are theirs, so they do not count as a difference. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.grading.verdict import ExerciseVerdict, Verdict
from course_lib.plots.bars import Bar, horizontal
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.words import percent, plural

_FEW = 18  # bars


@dataclass(frozen=True)
class ExerciseCount:
    """How one exercise went."""

    exercise: str
    of: int  # points
    ended: dict[str, int]  # passed, failed, ... to hand-ins
    visible: int  # of the failed ones: in a visible check
    hidden: int
    points: float  # mean, of the tests

    @property
    def hand_ins(self) -> int:
        return sum(self.ended.values())

    @property
    def passed(self) -> int:
        return self.ended.get("passed", 0)


@dataclass(frozen=True)
class Group:
    """Hand-ins that fail in the same way."""

    exercise: str
    check: str  # "hidden 4 of 7"; empty where no check was reached
    ended: str
    message: str  # of the first of them
    hint: str
    learners: tuple[str, ...]

    @property
    def name(self) -> str:
        """The check in a few words."""
        how = f" ({self.ended})" if self.check and self.ended != "failed" else ""
        return f"{self.exercise}: {self.check or self.ended}{how}"


def counted(verdicts: Sequence[Verdict]) -> list[ExerciseCount]:
    """Each exercise with how it went, in the order of the chapter."""
    rows: dict[str, list[ExerciseVerdict]] = {}
    for verdict in verdicts:
        for found in verdict.exercises:
            rows.setdefault(found.exercise, []).append(found)
    answer = []
    for name, found_ones in rows.items():
        ended: defaultdict[str, int] = defaultdict(int)
        for found in found_ones:
            ended[found.ended] += 1
        in_part = [found.part for found in found_ones if found.ended not in ("passed", "hand", "missing")]
        answer.append(
            ExerciseCount(
                name, found_ones[0].of, dict(ended), in_part.count("visible"), in_part.count("hidden"),
                sum(found.points for found in found_ones) / len(found_ones),
            )
        )  # fmt: skip
    return answer


def groups(verdicts: Sequence[Verdict]) -> list[Group]:
    """The ways to fail, the commonest first."""
    found: defaultdict[tuple[str, str, str, str], list[tuple[str, ExerciseVerdict]]] = defaultdict(list)
    for verdict in verdicts:
        for one in verdict.exercises:
            if one.ended not in ("passed", "hand"):
                key = (one.exercise, one.check, one.ended, same_words(one.message))
                found[key].append((verdict.learner, one))
    ways = [
        Group(key[0], key[1], key[2], ones[0][1].message, ones[0][1].hint, tuple(learner for learner, _ in ones))
        for key, ones in found.items()
    ]
    return sorted(ways, key=lambda way: (-len(way.learners), way.exercise, way.check, way.message))


def same_words(message: str) -> str:
    """A message without what differs between hand-ins that made the same mistake: numbers, addresses, spacing.

    >>> same_words("expected 12.5, got -3e4 at 0x7f12ab") == same_words("expected 7, got 8.25 at 0x11")
    True
    """
    plain = re.sub(r"0x[0-9a-fA-F]+", "#", message)
    return " ".join(re.sub(r"[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", "#", plain).split())[:400]


def picture(verdicts: Sequence[Verdict]) -> Picture:
    """The checks that failed, the commonest first."""
    if not verdicts:
        return nothing("Nothing is graded yet", "`course grade` makes the verdicts that are counted here.")
    failed: defaultdict[str, int] = defaultdict(int)
    for way in groups(verdicts):
        failed[way.name] += len(way.learners)
    if not failed:
        return nothing("Every check holds", f"In {plural(len(verdicts), 'hand-in')} no check failed.")
    ranked = sorted(failed.items(), key=lambda pair: (-pair[1], pair[0]))
    first, most = ranked[0]
    ties = sum(n == most for n in failed.values()) - 1
    lead = f"{first} and {plural(ties, 'other check')} fail" if ties else f"{first} fails"
    title = f"{lead} most often: in {most} of {plural(len(verdicts), 'hand-in')}"
    bars = [Bar(name, n, f"{n} · {percent(n, len(verdicts))}", "missed") for name, n in ranked[:_FEW]]
    return Picture(
        title,
        "Hand-ins that fail a check; of the checks of an exercise, the first that does not hold is counted.",
        horizontal(bars, "hand-ins", f"{title}. A bar for each check that failed.", whole=True),
        ("check", "hand-ins", "share"),
        tuple((name, str(n), percent(n, len(verdicts))) for name, n in ranked),
        f"Not drawn: {plural(len(ranked) - _FEW, 'rarer check')}." if len(ranked) > _FEW else "",
    )
