"""What does a chapter's source say?

A chapter is one Python file in percent format, text and answers together. A line `# %%` starts a cell, and options
follow on it:

    # %% [markdown]                      prose; every line of it starts with "# "
    # %% tags="parameters"               size and seed, replaced when the notebook is run with others
    # %% tags="setup"                    what answers and tests both stand on; locked
    # %% answer="psi"                    an answer, between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check="psi" points=15           its tests; ### BEGIN HIDDEN TESTS to ### END HIDDEN TESTS are not shown
    # %% [markdown] answer="why" points=10   an answer in prose, with ### BEGIN MARK SCHEME to ### END MARK SCHEME

Pure: text in, cells out. Rendering is in notebook.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["prose", "code", "parameters", "setup", "answer", "check", "essay"]

STUB = 'raise NotImplementedError("{name}: write your answer here")'
_START = re.compile(r"^# %%(?: (?P<markdown>\[markdown\]))?(?P<options>.*)$")
_OPTION = re.compile(r"""\s*(\w+)=(?:"([^"]*)"|(\d+))""")
_BEGIN, _END = "### BEGIN {}", "### END {}"
SOLUTION, HIDDEN, SCHEME = "SOLUTION", "HIDDEN TESTS", "MARK SCHEME"
_OPTIONS = {"tags", "answer", "check", "points", "alt"}


class ChapterError(ValueError):
    """The source of a chapter breaks its own rules; says where."""


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter."""

    kind: Kind
    text: str  # without the marker line; prose without its leading "# "
    line: int  # of the marker, from 1
    name: str = ""  # of the exercise, for answer, check and essay
    points: int = 0
    alt: str = ""  # what the picture shows that the cell draws

    @property
    def is_prose(self) -> bool:
        return self.kind in ("prose", "essay")


@dataclass(frozen=True)
class Exercise:
    """One exercise: what exercises.toml says of it, and its two cells (an essay has one)."""

    name: str
    title: str
    points: int
    hides: tuple[str, ...]  # modules that contain the answer
    seconds: float  # time budget of its tests
    hints: tuple[str, ...]
    answer: Cell
    check: Cell | None

    @property
    def is_essay(self) -> bool:
        return self.check is None


@dataclass(frozen=True)
class Chapter:
    """A chapter: its cells in order, and its exercises by name in the order of their answers."""

    name: str
    cells: tuple[Cell, ...]
    exercises: dict[str, Exercise]

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises.values())


def read_chapter(name: str, source: str, about: str) -> Chapter:
    """The chapter `name` from its percent-format `source` and the text of its exercises.toml.

    Raises ChapterError: an option nobody knows, an answer without a check, a check without an answer, missing
    markers, hints that are not three.
    """
    cells = tuple(_cells(source))
    told = tomllib.loads(about)
    answers = {cell.name: cell for cell in cells if cell.kind in ("answer", "essay")}
    checks = {cell.name: cell for cell in cells if cell.kind == "check"}
    for cell in cells:
        if cell.name and sum(other.kind == cell.kind and other.name == cell.name for other in cells) > 1:
            raise ChapterError(f"{name}:{cell.line}: {cell.kind} {cell.name!r} stands twice")
    for missing, where in (
        (checks.keys() - answers.keys(), "has no answer"),
        (told.keys() - answers.keys(), "is in exercises.toml only"),
    ):
        if missing:
            raise ChapterError(f"{name}: exercise {min(missing)!r} {where}")
    exercises = {key: _exercise(name, key, cell, checks.get(key), told.get(key, {})) for key, cell in answers.items()}
    return Chapter(name, cells, exercises)


def without(text: str, part: str, instead: str | None = None) -> str:
    """`text` without the lines from BEGIN `part` to END `part`; `instead` takes their place, at their indentation.

    >>> without("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION", SOLUTION, "...")
    'def f():\\n    ...'
    """
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        bare = line.strip()
        if bare == _BEGIN.format(part):
            inside = True
            if instead is not None:
                kept.append(line[: len(line) - len(line.lstrip())] + instead)
        elif bare == _END.format(part):
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept).rstrip("\n")


def unmarked(text: str) -> str:
    """`text` without the marker lines themselves, their content kept."""
    return "\n".join(line for line in text.split("\n") if not re.match(r"\s*### (BEGIN|END) ", line))


def stub(exercise: Exercise) -> str:
    """The answer cell as a learner receives it."""
    instead = "*Your answer here.*" if exercise.is_essay else STUB.format(name=exercise.name)
    return without(without(exercise.answer.text, SOLUTION, instead), SCHEME)


def visible(check: Cell) -> str:
    """The tests that a learner sees."""
    return without(check.text, HIDDEN)


def with_answers(chapter: Chapter, answers: dict[str, str]) -> Chapter:
    """The chapter with other texts in its answer cells."""
    cells = tuple(
        replace(cell, text=answers[cell.name]) if cell.kind in ("answer", "essay") and cell.name in answers else cell
        for cell in chapter.cells
    )
    return replace(chapter, cells=cells)


def _cells(source: str) -> Iterator[Cell]:
    lines = source.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    for first, after in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _cell(lines[first], lines[first + 1 : after], first + 1)


def _cell(marker: str, lines: list[str], line: int) -> Cell:
    found = _START.match(marker)
    assert found is not None  # the caller looked for the same start
    options = {key: text if text or not number else number for key, text, number in _OPTION.findall(found["options"])}
    left = _OPTION.sub("", found["options"]).strip()
    if left or options.keys() - _OPTIONS:
        raise ChapterError(f"line {line}: {left or min(options.keys() - _OPTIONS)!r} is not an option of a cell")
    prose = found["markdown"] is not None
    if prose:
        lines = [text[2:] if text.startswith("# ") else text.removeprefix("#") for text in lines]
    text = "\n".join(lines).strip("\n")
    points = int(options.get("points", 0))
    match options:
        case {"answer": name}:
            return Cell("essay" if prose else "answer", text, line, name, points)
        case {"check": name}:
            return Cell("check", text, line, name, points)
        case {"tags": "parameters" | "setup" as kind}:
            return Cell("parameters" if kind == "parameters" else "setup", text, line)
        case {"tags": tags}:
            raise ChapterError(f"line {line}: {tags!r} is not a tag of a cell")
    return Cell("prose" if prose else "code", text, line, alt=options.get("alt", ""))


def _exercise(chapter: str, name: str, answer: Cell, check: Cell | None, told: dict) -> Exercise:
    if answer.kind == "answer" and check is None:
        raise ChapterError(f"{chapter}:{answer.line}: answer {name!r} has no check")
    if _BEGIN.format(SOLUTION) not in answer.text:
        raise ChapterError(f"{chapter}:{answer.line}: answer {name!r} has no {_BEGIN.format(SOLUTION)}")
    if check is not None and _BEGIN.format(HIDDEN) not in check.text:
        raise ChapterError(f"{chapter}:{check.line}: check {name!r} has no {_BEGIN.format(HIDDEN)}")
    if check is None and _BEGIN.format(SCHEME) not in answer.text:
        raise ChapterError(f"{chapter}:{answer.line}: essay {name!r} has no {_BEGIN.format(SCHEME)}")
    hints = tuple(told.get("hints", ()))
    if check is not None and len(hints) != 3:
        raise ChapterError(f"{chapter}: exercise {name!r} has {len(hints)} hints in exercises.toml, not 3")
    return Exercise(
        name=name,
        title=told.get("title", name.replace("-", " ")),
        points=(check or answer).points,
        hides=tuple(told.get("hides", ())),
        seconds=float(told.get("seconds", 10)),
        hints=hints,
        answer=answer,
        check=check,
    )
