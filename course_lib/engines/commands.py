"""What does `course engines` do?"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[[Callable[[], Any], bool], None]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `course engines list` calls it.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="As `course engines list` calls them.")]


class Kind(StrEnum):
    """What an engine is for."""

    compute = "compute"
    orchestrate = "orchestrate"
    store = "store"
    stream = "stream"
    serve = "serve"


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the group `engines` to `app`; `guarded` turns errors into sentences and exit codes."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode="markdown", help="The same small job on every engine, each the real one."
    )
    app.add_typer(group, name="engines")

    @group.command("list")
    def list_engines(verbose: Verbose = False) -> None:
        """Say which engines there are, what they are for, and whether they are installed here.

        Example: `course engines list`
        """
        guarded(_list, verbose)

    @group.command()
    def install(
        names: Names = None,
        away: Annotated[bool, typer.Option("--remove", help="The opposite, as course engines remove.")] = False,
        verbose: Verbose = False,
    ) -> None:
        """Install engines into the cache; without a name, all but those that are installed on request only.

        What is there already is not installed again.

        Example: `course engines install spark flink`
        """
        guarded(lambda: (_remove if away else _install)(names or []), verbose)

    @group.command()
    def run(
        name: Name,
        trips: Annotated[
            int | None, typer.Option(min=1, help="Engines that compute: how many trips to generate.")
        ] = None,
        inputs: Annotated[
            list[str] | None,
            typer.Option(
                "--input", "-i", metavar="FILE_OR_FOLDER...", help="Engines that compute: trip files instead."
            ),
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Run an engine's contract here, and say what it proved. Exit code 1 where it does not hold.

        Example: `course engines run dask --trips 200000`
        """
        guarded(lambda: _run(name, trips, inputs or []), verbose)

    @group.command()
    def show(
        name: Name,
        file: Annotated[
            str, typer.Argument(help="Another file of its folder: a DAG, a model, what it is installed from.")
        ] = "adapter.py",
        verbose: Verbose = False,
    ) -> None:
        """Show an engine's adapter: the job as that engine's own users write it.

        Example: `course engines show airflow dags/zone_hours.py`
        """
        guarded(lambda: _show(name, file), verbose)

    @group.command()
    def compare(
        names: Names = None,
        kind: Annotated[Kind | None, typer.Option(help="Only engines of that kind.")] = None,
        trips: Annotated[int, typer.Option(min=1, help="How many trips those that compute are given.")] = 200_000,
        picture: Annotated[
            Path | None, typer.Option(metavar="FILE.svg", show_default=False, help="Draw the times, too.")
        ] = None,
        write: Annotated[
            bool, typer.Option("--write", help="Keep the table and the drawing beside course_lib/engines/README.md.")
        ] = False,
        verbose: Verbose = False,
    ) -> None:
        """Run the contracts of all engines that are installed, side by side: agreement, time, memory, lines.

        Example: `course engines compare --kind store --picture stores.svg`
        """
        guarded(lambda: _compare(names or [], kind.value if kind else None, trips, picture, write), verbose)

    @group.command()
    def remove(names: Names = None, verbose: Verbose = False) -> None:
        """Remove engines from the cache; without a name, all of them.

        Example: `course engines remove airflow`
        """
        guarded(lambda: _remove(names or []), verbose)


def _list() -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from course_lib.engines.environments import lacks
    from course_lib.engines.registry import engines

    console = Console(highlight=False, soft_wrap=True)
    table = Table(title="One job, everywhere", box=SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0))
    for head in ("name", "kind", "engine", "version", "status", "here"):
        table.add_column(head, no_wrap=head != "status")
    to_install: list[str] = []
    to_mend: dict[str, list[str]] = {}
    for engine in engines():
        if "course engines install" in (missing := lacks(engine)):
            to_install.append(engine.name + " (on request only)" * engine.on_request)
        elif missing:
            to_mend.setdefault(missing, []).append(engine.name)
        kinds = ", ".join(engine.kinds)
        table.add_row(engine.name, kinds, engine.title, engine.version, engine.standing, "no" if missing else "yes")
    console.print(table)
    if to_install:
        remedy = "Install with: course engines install NAME"
        console.print(f"Not installed: {', '.join(to_install)}. {remedy}", markup=False)
    for remedy, names in to_mend.items():
        console.print(f"Not usable: {', '.join(names)}. {remedy}", markup=False)


def _install(names: list[str]) -> int:
    from rich.console import Console

    from course_lib.engines.environments import install
    from course_lib.engines.registry import engines, find
    from course_lib.errors import EngineUnavailable

    console = Console(highlight=False, soft_wrap=True)
    chosen = [find(name) for name in names] or [engine for engine in engines() if not engine.on_request]
    for engine in [] if names else engines():
        if engine.on_request:
            left_out = f"left out, because it is installed on request only: course engines install {engine.name}"
            console.print(f"{engine.name}: {left_out}", markup=False)
    failed = 0
    for engine in chosen:
        if engine.notice:
            console.print(f"{engine.name}: {engine.notice}", markup=False)
        try:
            install(engine, lambda line, name=engine.name: console.print(f"{name}: {line}", markup=False))  # type: ignore[misc]
        except EngineUnavailable as error:
            if len(chosen) == 1:
                raise
            failed += 1
            console.print(f"{engine.name}: {error}", markup=False)
        else:
            console.print(f"{engine.name}: ready", markup=False)
    return int(failed > 0)


def _run(name: str, trips: int | None, inputs: list[str]) -> int:
    from rich.console import Console

    from course_lib.engines import proving
    from course_lib.engines.registry import find
    from course_lib.errors import BadArgument

    engine, console = find(name), Console(highlight=False, soft_wrap=True)
    if (trips or inputs) and "compute" not in engine.kinds:
        raise BadArgument(f"{name} is no engine that computes; leave out --trips and --input.")
    if engine.is_emulated:
        console.print(f"{name}: {engine.standing}: {engine.reason}", markup=False)
    broken = 0
    for proof in proving.prove(engine, trips, inputs):
        broken += not proof.holds
        console.print(
            f"{'holds ' if proof.holds else 'BROKEN'}  {proof.kind}: {proof.what} ({proof.found})", markup=False
        )
    return int(broken > 0)


def _show(name: str, file: str) -> None:
    import sys

    from rich.console import Console
    from rich.syntax import Syntax

    from course_lib.engines.registry import find
    from course_lib.errors import BadArgument

    folder = find(name).folder
    files = [path for path in sorted(folder.rglob("*.*")) if path.is_file() and "__pycache__" not in path.parts]
    names = [path.relative_to(folder).as_posix() for path in files]
    if file not in names:
        raise BadArgument(f"{name} has no file {file!r}. There are: {', '.join(names)}.")
    source = (folder / file).read_text("utf-8")
    if not sys.stdout.isatty():
        typer.echo(source, nl=False)
        return
    console = Console(highlight=False)
    console.print(Syntax(source, Syntax.guess_lexer(file, source), word_wrap=True))
    others = [one for one in names if one != file and not one.endswith(".lock")]
    console.print(f"Beside it: {', '.join(others)}. Show one with: course engines show {name} FILE", markup=False)


def _compare(names: list[str], kind: str | None, trips: int, picture: Path | None, write: bool) -> int:
    from rich.console import Console

    from course_lib.engines import comparing, comparing_picture
    from course_lib.engines.registry import HERE, engines, find
    from course_lib.storage.atomic import write_text

    chosen = [find(name) for name in names] or engines()
    console = Console(highlight=False)
    with console.status("starting", spinner="line") as status:
        lines = comparing.measure(chosen, kind, trips, lambda what: status.update(what))
    console.print(comparing.table(lines))
    for line in lines:
        if line.agrees is False:
            console.print(f"{line.engine} ({line.kind}): {line.found}", markup=False, soft_wrap=True)
    if picture:
        write_text(picture, comparing_picture.picture(lines).svg() + "\n")
    if write:
        comparing.keep(HERE / "README.md", lines, trips)
    return int(any(line.agrees is False for line in lines))


def _remove(names: list[str]) -> None:
    from course_lib.engines.cache import remove
    from course_lib.engines.registry import engines, find

    freed = 0
    for engine in [find(name) for name in names] or engines():
        for part in ("env", "jars", "kept"):
            freed += remove(f"{part}-{engine.name}", typer.echo)
    if not names:
        for part in ("maven", "coursier", "ivy", "go", "prism"):
            freed += remove(part, typer.echo)
    typer.echo(f"{freed / 1e6:,.0f} MB are free again")
