"""How does a dbt user run four steps a day?

A step is a model: a SELECT in a file, project/models/*.sql, which dbt makes a table in the database. What a model reads
it names by ref('…'), and from these names dbt knows the order. What must be true of a model stands beside it in
models.yml and is looked at in every build: a broken test stops what comes after it.

dbt orchestrates SQL and nothing else, and it has no scheduler, no clock and no retry: each build is a command. What
did not succeed in the last one, `dbt retry` does again. The day is a variable of the command; the last model is
incremental, so that a day is put beside the others, and a day that was there is replaced.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parent / "project"


def run(folder: Path, day: str) -> str:
    """Build the day's models, and try once more what did not succeed; how it ended."""
    if build(folder, day) or dbt(folder, "retry"):
        return export(folder, day)
    return "failed"


def resume(folder: Path, day: str) -> str:
    """Do what did not succeed when the day was last built."""
    return export(folder, day) if dbt(folder, "retry") else "failed"


def backfill(folder: Path, days: list[str]) -> list[str]:
    """Build each day; how each ended."""
    return [run(folder, day) for day in days]


def page(folder: Path) -> str:
    """The page that `dbt docs` makes of the project: one file, which shows every model, its columns and its lineage."""
    dbt(folder, "docs", "generate", "--static", "--empty-catalog")
    return (folder / "dbt" / "target" / "static_index.html").read_text(encoding="utf-8")


def build(folder: Path, day: str) -> bool:
    """`dbt build`: models, tests and unit tests, in the order of their needs."""
    return dbt(folder, "build", "--vars", json.dumps({"folder": str(folder), "day": day}))


def dbt(folder: Path, *command: str) -> bool:
    """Whether a dbt command succeeded. The project is copied, because dbt writes into it."""
    project = folder / "dbt"
    if not project.exists():
        shutil.copytree(PROJECT, project)
    where = ["--project-dir", str(project), "--profiles-dir", str(project)]
    return dbtRunner().invoke([*command, *where]).success


def export(folder: Path, day: str) -> str:
    """Write the day's gold as the job wants it."""
    (folder / "gold").mkdir(exist_ok=True)
    macro = ["run-operation", "export", "--args", json.dumps({"folder": str(folder), "day": day})]
    return "completed" if dbt(folder, *macro) else "failed"
