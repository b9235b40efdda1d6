"""How far can each exercise's grader be trusted, in one line of numbers?

A line per exercise: known right answers accepted, known wrong ones caught, those that only hidden tests catch, and
mutants of the reference killed. Measured lines are kept in `chapters/scorecard.json`, from which the README's table is
made; the numbers depend on no clock, so measuring again without a change gives the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from course_lib.exercises.answer_files import known_answers
from course_lib.exercises.graders import MODES, Grader
from course_lib.exercises.proofs import LEAST_KILLED, answer_proof, equivalents, reference_proof, stub_proof, survey
from course_lib.exercises.source import Exercise

BEGIN, END = "<!-- scorecard: begin -->", "<!-- scorecard: end -->"


@dataclass(frozen=True)
class Line:
    """The scorecard of one exercise; `*_of` is how many there are."""

    chapter: str
    exercise: str
    points: int
    sound: bool  # the stub gets nothing and the reference everything, in both modes
    right: int
    right_of: int
    wrong: int
    wrong_of: int
    hidden_only: int  # of the wrong ones: those that pass the visible tests
    killed: int
    killed_of: int  # mutants, without the equivalent ones
    equivalent: int

    @property
    def full(self) -> bool:
        """Whether nothing is left to be done."""
        accepted = self.right == self.right_of and self.wrong == self.wrong_of and self.hidden_only > 0
        return self.sound and accepted and self.killed >= LEAST_KILLED * self.killed_of


def measure(grader: Grader, name: str, folder: Path) -> Line:
    """The line of exercise `name`, whose known answers lie in `folder`; every answer is judged in both modes."""
    exercise = grader.chapter.exercises[name]
    answers = [answer for answer in known_answers(folder) if answer.exercise == name]
    held = [answer for answer in answers if all(answer_proof(grader, answer, mode).holds for mode in MODES)]
    found = survey(grader, exercise, equivalents(folder, name))
    return Line(
        chapter=grader.chapter.name,
        exercise=name,
        points=exercise.points,
        sound=all(_sound(grader, exercise)),
        right=sum(answer.right for answer in held),
        right_of=sum(answer.right for answer in answers),
        wrong=sum(not answer.right for answer in held),
        wrong_of=sum(not answer.right for answer in answers),
        hidden_only=sum(answer.hidden_only for answer in held),
        killed=found.killed,
        killed_of=found.counted,
        equivalent=found.equivalent,
    )


def _sound(grader: Grader, exercise: Exercise) -> Iterator[bool]:
    for mode in MODES:
        yield stub_proof(grader, exercise, mode).holds
        yield reference_proof(grader, exercise, mode).holds


def to_json(lines: Iterable[Line]) -> str:
    """The lines as text, one exercise a line, so that a change is a change of that line."""
    return "[\n" + ",\n".join(f"  {json.dumps(asdict(line))}" for line in lines) + "\n]\n"


def from_json(text: str) -> list[Line]:
    """The lines in a text. Raises ValueError for anything else."""
    known = {field.name for field in fields(Line)}
    told = json.loads(text)
    if any(entry.keys() != known for entry in told):
        raise ValueError("a line of the scorecard has other fields: measure again with `course scorecard --write`")
    return [Line(**entry) for entry in told]


def merged(old: Iterable[Line], new: Iterable[Line], exercises: Iterable[tuple[str, str]]) -> list[Line]:
    """New lines in place of old ones, in the order of (chapter, exercise); what is no exercise any more is dropped."""
    known = {(line.chapter, line.exercise): line for line in [*old, *new]}
    return [known[key] for key in exercises if key in known]


def markdown(lines: Iterable[Line]) -> str:
    """The table of the README, with its markers."""
    rows = [
        "| exercise | points | right accepted | wrong caught | by hidden tests alone | mutants killed |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    rows += [
        f"| {chapter_number(line.chapter)} `{line.exercise}` | {line.points} | {_of(line.right, line.right_of)}"
        f" | {_of(line.wrong, line.wrong_of)} | {line.hidden_only} | {_of(line.killed, line.killed_of)} |"
        for line in lines
    ]
    return "\n".join([BEGIN, *rows, END])


def replaced(text: str, table: str) -> str:
    """`text` with the table between its markers replaced. Raises ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text has no place for the scorecard: it wants the lines {BEGIN} and {END}")
    return before + table + after


def chapter_number(chapter: str) -> int:
    """The number a chapter's name begins with.

    >>> chapter_number("03_validation")
    3
    """
    return int(chapter.partition("_")[0])


def _of(some: int, all_: int) -> str:
    return f"{some} of {all_}"
