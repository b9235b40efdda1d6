"""What does a chapter's source say?

A chapter is one Python file in percent format, text and answers together. A line `# %%` starts a cell, and options
follow on it:

    # %% [markdown]                      prose; every line of it starts with "# "
    # %% tags="parameters"               size and seed, replaced when the notebook is run with others
    # %% tags="setup"                    what answers and tests both stand on; locked
    # %% answer="psi"                    an answer, between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check="psi" points=15           its tests; ### BEGIN HIDDEN TESTS to ### END HIDDEN TESTS are not shown
    # %% [markdown] answer="why" points=10   an answer in prose, with ### BEGIN MARK SCHEME to ### END MARK SCHEME
    # %% alt="a line that rises"         code that draws, and what its picture shows

Pure: text in, cells out. Rendering is in notebook.py. Every mistake is a ChapterError that begins with file and line.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from typing import Any

from course_lib.exercises.cells import ALLOWED, BEGIN, END, HIDDEN, SCHEME, SOLUTION, Cell, ChapterError, read_cells

__all__ = [
    "ESSAY", "HIDDEN", "SCHEME", "SOLUTION", "STUB", "Cell", "Chapter", "ChapterError", "Exercise", "read_chapter",
    "stub", "unmarked", "visible", "with_answers", "without",
]  # fmt: skip

STUB = 'raise NotImplementedError("{name}: write your answer here")'
ESSAY = "*Your answer here.*"
_ABOUT = {"title", "hides", "seconds", "hints"}  # what exercises.toml may say of an exercise


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

    Raises ChapterError: an option nobody knows or in the wrong place, an answer without a check, a check without an
    answer, markers that are missing or cross each other, code that is no Python, prose outside of comments, hints
    that are not three.
    """
    file, listing = f"chapters/{name}/{name}.py", f"chapters/{name}/exercises.toml"
    cells = tuple(read_cells(file, source))
    told = _told(listing, about)
    answers = {cell.name: cell for cell in cells if cell.kind in ("answer", "essay")}
    checks = {cell.name: cell for cell in cells if cell.kind == "check"}
    seen: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        role = ("answer" if cell.kind == "essay" else cell.kind, cell.name)
        if (cell.name or cell.kind == "parameters") and role in seen:
            what = f"{role[0]} {cell.name!r}" if cell.name else "the cell of parameters"
            raise ChapterError(f"{file}:{cell.line}", f"{what} stands twice, first in line {seen[role].line}")
        seen[role] = cell
    for key in checks.keys() - answers.keys():
        raise ChapterError(f"{file}:{checks[key].line}", f"check {key!r} has no answer")
    for key in told.keys() - answers.keys():
        raise ChapterError(listing, f"exercise {key!r} is in exercises.toml only")
    exercises = {
        key: _exercise(file, listing, key, cell, checks.get(key), told.get(key, {})) for key, cell in answers.items()
    }
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
        if bare == BEGIN.format(part):
            inside = True
            if instead is not None:
                kept.append(line[: len(line) - len(line.lstrip())] + instead)
        elif bare == END.format(part):
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept).rstrip("\n")


def unmarked(text: str) -> str:
    """`text` without the marker lines themselves, their content kept."""
    return "\n".join(line for line in text.split("\n") if not re.match(r"\s*### (BEGIN|END) ", line))


def stub(exercise: Exercise) -> str:
    """The answer cell as a learner receives it."""
    instead = ESSAY if exercise.is_essay else STUB.format(name=exercise.name)
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


def _told(listing: str, about: str) -> dict[str, dict[str, Any]]:
    try:
        told = tomllib.loads(about)
    except tomllib.TOMLDecodeError as error:
        raise ChapterError(listing, str(error)) from None
    for key, exercise in told.items():
        if not isinstance(exercise, dict):
            raise ChapterError(listing, f"{key!r} stands outside of an exercise; begin one with [name]")
        if unknown := exercise.keys() - _ABOUT:
            raise ChapterError(listing, f"[{key}] {min(unknown)!r} is none of {', '.join(sorted(_ABOUT))}")
        for field, kind in (("title", str), ("hides", list), ("hints", list), ("seconds", int | float)):
            if not isinstance(exercise.get(field, kind() if isinstance(kind, type) else 1), kind):
                raise ChapterError(listing, f"[{key}] {field} is {exercise[field]!r}")
    return told


def _exercise(file: str, listing: str, name: str, answer: Cell, check: Cell | None, told: dict[str, Any]) -> Exercise:
    if answer.kind == "answer" and check is None:
        raise ChapterError(f"{file}:{answer.line}", f"answer {name!r} has no check")
    for cell in (answer, *((check,) if check else ())):
        for part in ALLOWED[cell.kind]:
            if BEGIN.format(part) not in cell.text:
                raise ChapterError(f"{file}:{cell.line}", f"{cell.kind} {name!r} has no {BEGIN.format(part)}")
    hints = tuple(told.get("hints", ()))
    if check is not None and len(hints) != 3:
        raise ChapterError(listing, f"[{name}] exercise {name!r} has {len(hints)} hints in exercises.toml, not 3")
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
