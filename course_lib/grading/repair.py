"""What did a learner hand in, when the file may be damaged, or forged?

Cells are known by their id, then by the `grade_id` in their metadata, then by what they define. Of the file only the
answers and the learner's own cells are taken: tests, set-up, points and titles are always those of the release, so
nothing is gained by changing them. Every repair is told in a sentence. Pure: bytes in, a Submission out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from course_lib.exercises.graders import answer_names
from course_lib.exercises.notebook import render
from course_lib.exercises.source import Chapter, Exercise, stub
from course_lib.grading.own_cells import bindings, definitions, needed, parsed

MOST_BYTES = 32 << 20  # of a notebook
MOST_CELLS = 5_000
MOST_ANSWER = 1 << 20  # characters of a cell
MOST_REPAIRS = 50
Cell = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """One answer, and the cells that run with it."""

    answer: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # between the answer and its tests


@dataclass(frozen=True)
class Submission:
    """A submission, mended."""

    work: dict[str, Work]  # by exercise; one that is missing is not there
    essays: dict[str, str]
    repairs: tuple[str, ...]
    notebook: dict[str, Any]  # the release with the learner's work in it, without outputs
    broken: str = ""  # why the file cannot be read at all


@dataclass
class _Theirs:
    """A cell of the file."""

    place: int
    kind: str
    text: str
    id: str
    grade_id: str
    told: dict[str, Any] = field(default_factory=dict)  # its nbgrader metadata


def submission(chapter: Chapter, data: bytes | None, why: str = "") -> Submission:
    """The submission in the bytes of a notebook; `data` None where there is no notebook, and `why`."""
    released: list[Cell] = json.loads(render(chapter, "release"))["cells"]
    broken, cells = why, list[_Theirs]()
    if data is not None:
        try:
            cells = list(_cells(data))
        except (ValueError, RecursionError, MemoryError) as error:
            broken = f"the file is no notebook: {error or type(error).__name__}"
    return _Mended(chapter, released, cells, broken).submission()


def _cells(data: bytes) -> Iterator[_Theirs]:
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    found = json.loads(data.decode("utf-8-sig"))
    if not isinstance(found, dict):
        raise ValueError("it holds no cells")
    cells = found.get("cells")
    sheets = found.get("worksheets")  # of format 3
    if cells is None and isinstance(sheets, list) and sheets and isinstance(sheets[0], dict):
        cells = sheets[0].get("cells")
    if not isinstance(cells, list):
        raise ValueError("it holds no cells")
    if len(cells) > MOST_CELLS:
        raise ValueError(f"it has {len(cells):,} cells; at most {MOST_CELLS:,} are read")
    for place, cell in enumerate(cells):
        if not isinstance(cell, dict):
            continue
        text = cell.get("source", cell.get("input", ""))
        if isinstance(text, list):
            text = "".join(part for part in text if isinstance(part, str))
        if not isinstance(text, str):
            continue
        metadata = cell.get("metadata")
        told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        told = told if isinstance(told, dict) else {}
        kind = cell.get("cell_type")
        text = (
            text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
        )  # half characters would stop a gradebook
        yield _Theirs(
            place,
            kind if kind in ("code", "markdown") else "raw",
            text,
            str(cell.get("id", ""))[:200],
            str(told.get("grade_id", ""))[:200],
            told,
        )


class _Mended:
    """One submission on its way from the file to what is graded."""

    def __init__(self, chapter: Chapter, released: list[Cell], cells: list[_Theirs], broken: str):
        self.chapter, self.released, self.cells, self.broken = chapter, released, cells, broken
        self.known = {cell["id"]: cell for cell in released}
        self.order = {cell["id"]: place for place, cell in enumerate(released)}
        self.repairs: list[str] = [broken] if broken else []
        self.names: dict[int, str] = {}  # which released cell a cell of theirs is

    def submission(self) -> Submission:
        if not self.broken:
            self._name()
        chosen = {name: self._answer(exercise) for name, exercise in self.chapter.exercises.items()}
        if not self.broken:
            self._compare_locked()
        found = {name: cell for name, cell in chosen.items() if cell is not None}
        coded = {name: cell for name, cell in found.items() if not self.chapter.exercises[name].is_essay}
        return Submission(
            work={name: self._work(name, cell) for name, cell in coded.items()},
            essays={name: cell.text for name, cell in found.items() if name not in coded},
            repairs=tuple(self.repairs[:MOST_REPAIRS]),
            notebook=self._notebook(found),
            broken=self.broken,
        )

    def _name(self) -> None:
        """Say of each cell of theirs which released cell it is: by its id, by its metadata, by its text."""
        texts = {_source(cell): cell["id"] for cell in reversed(self.released) if _source(cell).strip()}
        for cell in self.cells:
            for name in (cell.id, cell.grade_id, texts.get(cell.text, "")):
                if name in self.known:
                    self.names[cell.place] = name
                    break

    def _answer(self, exercise: Exercise) -> _Theirs | None:
        if self.broken:
            return None
        name = exercise.name
        candidates = [cell for cell in self.cells if self.names.get(cell.place) == name]
        if not candidates and not exercise.is_essay:
            names = set(answer_names(exercise))
            candidates = [
                cell
                for cell in self.cells
                if cell.place not in self.names
                and cell.kind == "code"
                and names
                and names <= bindings(parsed(cell.text))
            ]
            if candidates:
                self.repairs.append(f"{name}: its answer cell had lost its name; it was known by what it defines.")
        if not candidates:
            self.repairs.append(f"{name}: its answer cell is missing.")
            return None
        written = [cell for cell in candidates if cell.text.strip() != stub(exercise).strip()] or candidates[:1]
        chosen = written[-1]
        if len(candidates) > 1:
            nth = candidates.index(chosen) + 1
            self.repairs.append(
                f"{name}: its answer cell stands {len(candidates)} times; number {nth}, the last written in, counts."
            )
        wanted = "markdown" if exercise.is_essay else "code"
        if chosen.kind != wanted:
            self.repairs.append(f"{name}: its answer cell was a cell of {chosen.kind}; it is read as {wanted}.")
        if chosen.id != name or chosen.grade_id != name:
            what = "id" if chosen.grade_id == name else "metadata"
            if chosen.id == name or chosen.grade_id == name:
                self.repairs.append(f"{name}: its answer cell had lost its {what}; it was given back.")
        for other in candidates:  # the others are cells of the learner's own
            if other is not chosen:
                del self.names[other.place]
        self.names[chosen.place] = name
        if len(chosen.text) > MOST_ANSWER:
            self.repairs.append(
                f"{name}: its answer has {len(chosen.text):,} characters; at most {MOST_ANSWER:,} are read."
            )
            return None
        return chosen

    def _compare_locked(self) -> None:
        """Tell of tests and set-up that are not as released. They are taken from the release in any case."""
        seen: dict[str, list[_Theirs]] = {}
        for cell in self.cells:
            seen.setdefault(self.names.get(cell.place, ""), []).append(cell)
        for ours in self.released:
            about, name = ours["metadata"].get("nbgrader"), ours["id"]
            if not about:
                continue
            theirs = seen.get(name, [])
            if about["locked"]:
                if not theirs:
                    self.repairs.append(f"{name}: the cell is missing; it was put back.")
                if len(theirs) > 1:
                    self.repairs.append(f"{name}: the cell stands {len(theirs)} times; the released one counts, once.")
                if any(copy.text.strip() != _source(ours).strip() for copy in theirs):
                    self.repairs.append(f"{name}: the cell was changed; the released one counts.")
            if any("points" in copy.told and copy.told["points"] != about.get("points") for copy in theirs):
                self.repairs.append(f"{name}: its points were changed; those of the release count.")

    def _work(self, name: str, answer: _Theirs) -> Work:
        """The answer with the cells that it stands on, in the order of the notebook."""
        tests = [cell.place for cell in self.cells if self.names.get(cell.place) == f"test-{name}"]
        end = next((place for place in tests if place > answer.place), answer.place)
        before, after = list[str](), list[str]()
        for ours in self.chapter.cells:  # names that cells of ours bind further up
            if ours.kind == "code":
                before.append(definitions(ours.text))
            elif ours.name == name:
                break
        before = [text for text in before if text]
        for cell in self.cells[: self.cells.index(answer)]:
            if self._is_theirs(cell):
                before.append(cell.text)
        for cell in self.cells:
            if answer.place < cell.place < end and self._is_theirs(cell):
                after.append(cell.text)
        places = needed([*before, *after], answer.text)
        kept_after = [
            text for place, text in enumerate(after, len(before)) if place in places or self._rebinds(name, text)
        ]
        return Work(
            answer.text,
            tuple(text for place, text in enumerate(before) if place in places),
            tuple(kept_after),
        )

    def _is_theirs(self, cell: _Theirs) -> bool:
        """Whether a cell of code is the learner's: their own, or an answer, or one of ours that they changed."""
        if cell.kind != "code" or len(cell.text) > MOST_ANSWER:
            return False
        name = self.names.get(cell.place)
        if name is None:
            return True
        if name in self.chapter.exercises:
            return cell.text.strip() != stub(self.chapter.exercises[name]).strip()
        locked = self.known[name]["metadata"].get("nbgrader") or "parameters" in self.known[name]["metadata"].get(
            "tags", ()
        )
        return not locked and cell.text.strip() != _source(self.known[name]).strip()

    def _rebinds(self, name: str, text: str) -> bool:
        """Whether a cell below an answer says it anew."""
        return bool(bindings(parsed(text)) & set(answer_names(self.chapter.exercises[name])))

    def _notebook(self, found: dict[str, _Theirs]) -> dict[str, Any]:
        """The release with their answers in it, and their own cells where they stood."""
        own: dict[str, list[Cell]] = {}
        place, number = "", 0
        for cell in self.cells:
            name = self.names.get(cell.place)
            if name is not None and cell.text.strip() == _source(self.known[name]).strip():
                place = name
            elif name in self.chapter.exercises or (name is not None and self.known[name]["metadata"].get("nbgrader")):
                place = name or place
            elif cell.text.strip():
                number += 1
                own.setdefault(place, []).append(_own(cell, number))
        cells = list(own.get("", []))
        for released in self.released:
            shown = dict(released)
            if shown["id"] in found:
                text = found[shown["id"]].text
                prose = shown["cell_type"] == "markdown"
                shown["source"] = (harmless(text) if prose else text).splitlines(keepends=True)
            cells += [shown, *own.get(shown["id"], [])]
        about = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        return {"cells": cells, "metadata": {"kernelspec": about}, "nbformat": 4, "nbformat_minor": 5}


def harmless(markdown: str) -> str:
    """Prose whose tags are text: it is shown in the browser of whoever grades it.

    >>> harmless("a < b, <script>alert(1)</script>")
    'a < b, &lt;script>alert(1)&lt;/script>'
    """
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", markdown)


def as_typed(markdown: str) -> str:
    """What `harmless` changed, as it was: for a page that escapes all of it.

    >>> as_typed(harmless("a < b, <script>alert(1)</script>"))
    'a < b, <script>alert(1)</script>'
    """
    return re.sub(r"&lt;(?=[A-Za-z/!?])", "<", markdown)


def _own(cell: _Theirs, number: int) -> Cell:
    text = harmless(cell.text) if cell.kind == "markdown" else cell.text[:MOST_ANSWER]
    made: Cell = {
        "id": f"own-{number}", "metadata": {}, "cell_type": cell.kind, "source": text.splitlines(keepends=True),
    }  # fmt: skip
    return {**made, "execution_count": None, "outputs": []} if cell.kind == "code" else made


def _source(cell: Cell) -> str:
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)
