"""How does a new release come under work that is already there?

Three notebooks: the release the learner began with (old), the new one, and theirs. Answers are theirs, and so are cells
they added and cells of ours that they changed; everything else is the new release. Pure: notebooks in, notebook out.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]


@dataclass(frozen=True)
class Merged:
    """The notebook, and what of it is the learner's."""

    notebook: Notebook
    answers: tuple[str, ...]  # whose answer is theirs
    own: int  # cells of theirs that stand in no release


def parse(text: str) -> Notebook:
    """The notebook that `text` holds. Raises ValueError for what is none."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise ValueError("not a notebook: it has no cells")
    for cell in found["cells"]:
        if not isinstance(cell, dict) or not isinstance(cell.get("source", ""), str | list):
            raise ValueError("not a notebook: a cell of it is none")
    return found


def same_work(one: Notebook, other: Notebook) -> bool:
    """Do two notebooks say the same, outputs and metadata aside?"""
    return _content(one) == _content(other)


def merge(old: Notebook, new: Notebook, theirs: Notebook) -> Merged:
    """The new release with their work in it; every cell of theirs that neither release knows is kept where it stood."""
    before, after = _by_key(old), _by_key(new)
    released = {source(cell) for cell in (*old["cells"], *new["cells"])}
    used: set[str] = set()
    found: dict[str, Cell] = {}  # their version of a cell that is still released
    extra: dict[str, list[Cell]] = {}  # after which released cell come which cells of their own?
    place = ""
    for cell in theirs["cells"]:
        key = _key(cell, used, after.keys() | before.keys())
        used.add(key)
        changed = source(cell) != source(before.get(key, {}))
        answer = key in after and _is_answer(after[key])
        if answer:
            found[key] = cell
        elif changed and source(cell) not in released and source(cell).strip():
            extra.setdefault(place, []).append(cell)
        elif key in after and source(cell) == source(after[key]):
            found[key] = cell
        if key in after and (answer or source(cell) == source(after[key]) or _is_graded(after[key])):
            place = key

    cells, answers, own = [*_own(extra.get("", []), after)], [], len(extra.get("", []))
    for key, cell in after.items():
        mine = found.get(key)
        keep = mine is not None and source(mine) == source(cell)
        if mine is not None and _is_answer(cell) and source(mine) != source(before.get(key, cell)):
            keep = True
            if source(mine) != source(cell):
                answers.append(key)
        cells.append(_with_work(cell, mine) if keep and mine is not None else cell)
        cells += _own(extra.get(key, []), after)
        own += len(extra.get(key, []))
    taken: set[str] = set()
    return Merged({**new, "cells": [_named(cell, taken) for cell in cells]}, tuple(answers), own)


def source(cell: Cell) -> str:
    """The text of a cell, whichever way the file writes it."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def _content(notebook: Notebook) -> list[tuple[str, str]]:
    return [(cell.get("cell_type", ""), source(cell)) for cell in notebook["cells"]]


def _by_key(notebook: Notebook) -> dict[str, Cell]:
    return {_key(cell, set(), set()): cell for cell in notebook["cells"]}


def _key(cell: Cell, used: set[str], known: set[str]) -> str:
    """The name by which releases know a cell: its id, or the grade id where an editor dropped the ids."""
    name, grade = str(cell.get("id", "")), str(_nbgrader(cell).get("grade_id", ""))
    for key in (name, grade):
        if key and key not in used and (not known or key in known):
            return key
    return name if name not in used else ""


def _nbgrader(cell: Cell) -> dict[str, Any]:
    told = cell.get("metadata", {}).get("nbgrader", {})
    return told if isinstance(told, dict) else {}


def _is_answer(cell: Cell) -> bool:
    return bool(_nbgrader(cell).get("solution"))


def _is_graded(cell: Cell) -> bool:
    return bool(_nbgrader(cell))


def _with_work(cell: Cell, theirs: Cell) -> Cell:
    kept: Cell = {key: theirs[key] for key in ("source", "outputs", "execution_count", "attachments") if key in theirs}
    return {**cell, **kept} if cell["cell_type"] == theirs.get("cell_type") else {**cell, "source": theirs["source"]}


def _own(cells: list[Cell], released: Collection[str]) -> list[Cell]:
    """Cells that only the learner has: no grader may take them for its own."""
    return [
        {
            **cell,
            "id": "" if cell.get("id") in released else cell.get("id"),
            "metadata": {k: v for k, v in cell.get("metadata", {}).items() if k in ("collapsed", "jupyter")},
        }
        for cell in cells
    ]


def _named(cell: Cell, taken: set[str]) -> Cell:
    """The cell with an id that no other has."""
    name, number = str(cell.get("id") or "mine"), 1
    while name in taken:
        name, number = f"mine-{number}", number + 1
    taken.add(name)
    return {**cell, "id": name}
