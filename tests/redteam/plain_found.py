"""What stock nbgrader made of each submission, as it is written down: plain_results.toml, which plain.py makes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "plain_results.toml"
CELL_SECONDS = 8  # for a cell, where nbgrader's default is 30
RUN_SECONDS = 75  # for one `nbgrader autograde` of one submission, which takes 4 to 8
_HEAD = """\
# What stock nbgrader makes of each submission: made by `python -m tests.redteam.plain`; do not edit.
# An outcome is one of tests/redteam/page.py's; points are those of the tests, of 30.

"""


@dataclass(frozen=True)
class Outcome:
    """What became of one submission."""

    kind: str  # see page.py
    points: float | None = None  # by the tests; None where nbgrader entered none
    why: str = ""  # in words, where it was ended


def known() -> dict[str, Outcome]:
    """What is written down."""
    told = tomllib.loads(RESULTS.read_text("utf-8"))
    return {name: Outcome(one["outcome"], one.get("points"), one.get("why", "")) for name, one in told["found"].items()}


def written(found: dict[str, Outcome]) -> str:
    """The text of plain_results.toml."""
    parts = [f'{_HEAD}nbgrader = "{version("nbgrader")}"\ncell_seconds = {CELL_SECONDS}\nrun_seconds = {RUN_SECONDS}\n']
    for name, one in found.items():
        parts.append(f'\n[found.{name}]\noutcome = "{one.kind}"\n')
        parts.append("" if one.points is None else f"points = {one.points}\n")
        parts.append(f'why = "{one.why}"\n' if one.why else "")
    return "".join(parts)
