"""What does `course scorecard` do?

It measures the graders of the chapters and shows a table; `--write` keeps the numbers and puts them into the README.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[[Callable[[], Any], bool], None]


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the command to `app`; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def scorecard(
        chapters: Annotated[
            list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Numbers or names; without any, all of them.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
        write: Annotated[bool, typer.Option("--write", help="Keep the numbers, and put them into the README.")] = False,
        kept: Annotated[bool, typer.Option("--kept", help="Show the numbers that are kept; measure nothing.")] = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")] = False,
    ) -> None:
        """Measure the graders: right answers accepted, wrong ones caught, mutants killed.

        Example: `course scorecard 3`
        """
        guarded(lambda: run(chapters or [], as_json, write, kept), verbose)


def run(chapters: list[str], as_json: bool = False, write: bool = False, kept: bool = False) -> int:
    """0 if every measured line is full, 1 otherwise."""
    from course_lib.exercises import scorecard as card
    from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter

    names = [load_chapter(name).name for name in chapters] or chapter_names()
    data, readme = ROOT / "chapters" / "scorecard.json", ROOT / "README.md"
    old = card.from_json(data.read_text("utf-8")) if data.exists() else []
    lines = [line for line in old if line.chapter in names] if kept else _measured(names, ROOT, quiet=as_json)
    if as_json:
        typer.echo(json.dumps([asdict(line) | {"full": line.full} for line in lines], indent=1))
    else:
        _show(lines)
    if write:
        from course_lib.storage.atomic import write_text

        order = [(name, exercise) for name in chapter_names() for exercise in load_chapter(name).exercises]
        everything = card.merged(old, lines, order)
        write_text(data, card.to_json(everything))
        write_text(readme, card.replaced(readme.read_text("utf-8"), card.markdown(everything)))
    return int(not all(line.full for line in lines))


def _measured(names: Iterable[str], root: Path, quiet: bool) -> list[Any]:
    from rich.console import Console

    from course_lib.exercises import scorecard as card
    from course_lib.exercises.chapters import load_chapter
    from course_lib.exercises.graders import Grader
    from course_lib.exercises.protocol.warm import start_base

    lines = []
    console = Console(stderr=True, quiet=quiet)
    with start_base() as base, console.status("starting") as status:
        for name in names:
            chapter = load_chapter(name)
            with Grader(chapter, base) as grader:
                for exercise in chapter.exercises.values():
                    if not exercise.is_essay:
                        status.update(f"{name}: {exercise.name}")
                        lines.append(card.measure(grader, exercise.name, root / "tests" / "graders" / name))
    return lines


def _show(lines: Iterable[Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from course_lib.exercises.scorecard import chapter_number

    table = Table(title="Graders, graded", caption="a mark says that something is left to be done")
    for head in ("exercise", "points", "right", "wrong", "hidden alone", "mutants", ""):
        table.add_column(head, justify="left" if head in ("exercise", "") else "right")
    for line in lines:
        table.add_row(
            f"{chapter_number(line.chapter)} {line.exercise}",
            str(line.points),
            f"{line.right}/{line.right_of}",
            f"{line.wrong}/{line.wrong_of}",
            str(line.hidden_only),
            f"{line.killed}/{line.killed_of}",
            "" if line.full else "<--",
        )
    Console().print(table)
