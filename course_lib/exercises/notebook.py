"""How does a chapter become a notebook?

Two states from one source: `source` (with answers and hidden tests: nbgrader's own source notebook) and `release`
(what a learner gets; with other texts in its answer cells, a submission). The same chapter gives the same bytes: no
outputs, no execution counts, and cell ids that are the exercises' names or the cells' places.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from course_lib.exercises.source import HIDDEN, SCHEME, SOLUTION, Cell, Chapter, stub, unmarked, visible, without

State = Literal["source", "release"]

_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def render(chapter: Chapter, state: State) -> str:
    """The notebook as JSON text (nbformat 4.5, nbgrader metadata of schema version 3)."""
    counters: dict[str, int] = {}
    cells = [_render(cell, chapter, state, counters) for cell in chapter.cells]
    notebook = {"cells": cells, "metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def script(chapter: Chapter) -> str:
    """The code cells one after the other, answers included: what a reader of tracebacks may want to run."""
    return "\n\n".join(unmarked(cell.text) for cell in chapter.cells if not cell.is_prose) + "\n"


def _render(cell: Cell, chapter: Chapter, state: State, counters: dict[str, int]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    name, text = _id(cell, counters), _text(cell, chapter, state)
    if cell.kind in ("answer", "check", "essay", "setup"):
        metadata["nbgrader"] = _nbgrader(cell, name)
        if state == "release":
            metadata["nbgrader"] |= _signed(metadata["nbgrader"], cell, chapter)
    if cell.kind in ("parameters", "setup"):
        metadata["tags"] = [cell.kind]
    if cell.kind in ("check", "setup"):
        metadata |= {"deletable": False, "editable": False}
    if cell.kind in ("answer", "essay"):
        metadata["deletable"] = False
    if cell.alt:
        metadata["alt"] = cell.alt
    rendered = {"id": name, "metadata": metadata, "source": _lines(text)}
    if cell.is_prose:
        return {**rendered, "cell_type": "markdown"}
    return {**rendered, "cell_type": "code", "execution_count": None, "outputs": []}


def _id(cell: Cell, counters: dict[str, int]) -> str:
    if cell.kind in ("answer", "essay"):
        return cell.name
    if cell.kind == "check":
        return f"test-{cell.name}"
    counters[cell.kind] = counters.get(cell.kind, 0) + 1
    return f"{cell.kind}-{counters[cell.kind]}"


def _nbgrader(cell: Cell, name: str) -> dict[str, Any]:
    graded = cell.kind in ("check", "essay")
    found: dict[str, Any] = {
        "grade": graded,
        "grade_id": name,
        "locked": cell.kind in ("check", "setup"),
        "schema_version": 3,
        "solution": cell.kind in ("answer", "essay"),
        "task": False,
    }
    return {**found, "points": cell.points} if graded else found


def _signed(told: dict[str, Any], cell: Cell, chapter: Chapter) -> dict[str, str]:
    """What nbgrader adds to a released cell: its type, and a checksum by which it sees that a locked cell changed.

    Source: compute_checksum in nbgrader/utils.py; the checksum is of the cell as released, whatever stands there.
    """
    text = stub(chapter.exercises[cell.name]) if cell.kind in ("answer", "essay") else _text(cell, chapter, "release")
    kind = "markdown" if cell.is_prose else "code"
    parts = [text, kind, *(str(told[key]) for key in ("grade", "solution", "locked")), told["grade_id"]]
    parts += [str(float(told["points"]))] if told["grade"] else []
    return {"cell_type": kind, "checksum": hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()}


def _text(cell: Cell, chapter: Chapter, state: State) -> str:
    if state == "source":
        return cell.text
    match cell.kind:
        case "answer" | "essay":
            exercise = chapter.exercises[cell.name]
            changed = cell.text != exercise.answer.text  # somebody's answer, to be kept as it is
            return unmarked(without(cell.text, SCHEME)) if changed else stub(exercise)
        case "check":
            return visible(cell)
    return cell.text


def leaks(text: str) -> list[str]:
    """The markers of what no learner may see that stand in `text`.

    >>> leaks("### BEGIN SOLUTION")
    ['### BEGIN SOLUTION']
    """
    return re.findall(rf"### (?:BEGIN|END) (?:{SOLUTION}|{HIDDEN}|{SCHEME})", text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
