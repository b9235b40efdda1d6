"""How is it told what a machine has, what it lacks, and what each lack costs?

Only a lack of something `required` makes `course doctor` fail: the pipeline cannot run without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console


class Finding(NamedTuple):
    """The answer to one question about this machine."""

    name: str
    found: str
    ok: bool
    required: bool
    costs: str  # what does not work, or is slower, while this is lacking
    remedy: str


def exit_code(findings: Sequence[Finding]) -> int:
    """1 where something required is lacking, else 0."""
    return int(any(finding.required and not finding.ok for finding in findings))


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as a JSON list of objects."""
    return json.dumps([finding._asdict() for finding in findings], indent=2, ensure_ascii=False)


def render(findings: Sequence[Finding], console: Console) -> None:
    """Print what is here as a table, then every lack with its cost and its remedy."""
    from rich.table import Table
    from rich.text import Text

    table = Table("", "", "found", box=None, pad_edge=False)
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("lacks", "bold red" if finding.required else "yellow")
        table.add_row(mark, finding.name, Text(finding.found, overflow="fold"))
    console.print(table)
    for finding in findings:
        if not finding.ok:
            needed = "required" if finding.required else "optional"
            console.print(Text(f"\n{finding.name} ({needed}): {finding.found}"))
            console.print(Text(f"  costs   {finding.costs}\n  remedy  {finding.remedy}"))
