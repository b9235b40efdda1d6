"""The `course` command: arguments in, an exit code and a sentence out.

Exit codes: 0 done, 1 a check failed or a step died, 2 bad arguments or unreadable input, 130 stopped by hand.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from course_lib.errors import BadArgument, CourseError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
)
data = typer.Typer(no_args_is_help=True, help="Generate, fetch and describe trip files.", rich_markup_mode="markdown")
app.add_typer(data, name="data")


class Format(StrEnum):
    """Formats of generated files."""

    parquet = "parquet"
    csv = "csv"


Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="FILE_OR_FOLDER...", help="Trip files or folders; without it, trips are generated."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]


@app.callback()
def course() -> None:
    """Data pipelines for ML systems: the pipeline of the course, and the tools around it."""


@app.command()
def pipeline(
    inputs: Inputs = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE_OR_FOLDER]...", help="More of the same.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The run's folder.")] = Path("runs/latest"),
    trips: Annotated[
        int | None, typer.Option(help="How many trips to generate.  [default: 200000]", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The generator's seed.  [default: 7]", show_default=False)] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Dask worker processes on this machine.")
    ] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="An existing Dask cluster, instead of workers.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Keep what an earlier run in this folder finished, or begin anew.")
    ] = True,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Publish the readable files and list the others.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Verbose = False,
) -> None:
    """Run the whole pipeline: files in, published tables, features, a model and a report out.

    Examples:

    * `course pipeline` runs on 200,000 generated trips
    * `course pipeline --input green_tripdata_2024-01.parquet --out runs/green` runs on a file of your own
    * `course pipeline --input trips/ --workers 4 --skip-unreadable` runs on a folder, past what cannot be read
    * `course pipeline --input trips/ --scheduler tcp://10.0.0.5:8786` runs on a Dask cluster that sees both folders
    """

    def work() -> None:
        from course_lib.flows.run import Options, run
        from course_lib.flows.summary import show

        named = (*(inputs or ()), *(more or ()))
        if more and not inputs:
            raise BadArgument(f"what is {more[0]!r}? Name trip files with --input.")
        if named and (trips is not None or seed is not None):
            raise BadArgument("--trips and --seed are for generated trips; leave them out with --input.")
        options = Options(
            inputs=named,
            out=out,
            trips=200_000 if trips is None else trips,
            seed=7 if seed is None else seed,
            workers=workers,
            scheduler=scheduler,
            fresh=not resume,
            skip_unreadable=skip_unreadable,
            quiet=quiet,
        )
        console = Console(quiet=quiet)
        facts = run(options, console)
        if not quiet:
            show(facts, out, console)

    guarded(work, verbose)


@data.command()
def generate(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")],
    trips: Annotated[int, typer.Option(help="Rows in all.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    start: Annotated[str, typer.Option(metavar="YYYY-MM", help="The first month.")] = "2024-01",
    months: Annotated[int, typer.Option(help="How many months.")] = 3,
    format: Annotated[Format, typer.Option(help="Of the files.")] = Format.parquet,
    workers: Annotated[int, typer.Option(min=1, max=256)] = os.cpu_count() or 1,
    verbose: Verbose = False,
) -> None:
    """Invent trips, with defects whose truth is known.

    Example: `course data generate trips/ --trips 5000000 --months 6`
    """

    def work() -> None:
        from rich.progress import Progress

        from course_lib.ingestion.synthetic import generate as write
        from course_lib.trips.generator import Settings

        settings = Settings(trips=trips, seed=seed, start=start, months=months)
        console = Console()
        with Progress(console=console, disable=not console.is_terminal) as bars:
            bar = bars.add_task("trips", total=trips)
            paths = write(
                settings, folder, workers=workers, progress=lambda rows: bars.advance(bar, rows), format=format.value
            )
        for path in paths:
            console.print(str(path), soft_wrap=True, markup=False, highlight=False)
        console.print(
            f"{trips:,} trips; which rows are broken, and how, stands in {folder / '_truth'}", highlight=False
        )

    guarded(work, verbose)


@data.command()
def fetch(
    service: Annotated[str, typer.Argument(help="yellow, green, fhv or fhvhv.")],
    months: Annotated[str, typer.Argument(metavar="MONTHS", help="2024-01, 2024-01..2024-03 or 2024.")],
    folder: Annotated[Path, typer.Option("--to", help="Where the files go.")] = Path("trips"),
    base_url: Annotated[str | None, typer.Option(help="Another address that serves the same names.")] = None,
    verbose: Verbose = False,
) -> None:
    """Download official months of the NYC Taxi & Limousine Commission, resuming where an earlier try stopped.

    Example: `course data fetch green 2024-01..2024-03 --to trips/`
    """

    def work() -> None:
        from course_lib.ingestion import fetch as fetching
        from course_lib.ingestion.months import parse_months

        console = Console()
        with fetching.shown(console) as progress:
            paths = fetching.fetch(
                service,
                parse_months(months),
                folder,
                base_url=base_url or fetching.OFFICIAL,
                progress=progress,
                today=date.today(),
            )
        for path in paths:
            console.print(str(path), soft_wrap=True, markup=False, highlight=False)

    guarded(work, verbose)


@data.command()
def describe(
    paths: Annotated[list[str], typer.Argument(metavar="FILE_OR_FOLDER...")],
    verbose: Verbose = False,
) -> None:
    """Say what trip files hold: header version, rows, time range, missing values.

    Example: `course data describe trips/`
    """

    def work() -> None:
        from course_lib.ingestion.describe import describe as look
        from course_lib.ingestion.describe import render

        Console().print(render(look(paths)))

    guarded(work, verbose)


@app.command()
def doctor(
    out: Annotated[Path, typer.Option(help="Where runs are to go: is there room?")] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    verbose: Verbose = False,
) -> None:
    """Say what this machine has and lacks, and what each lack costs."""

    def work() -> int:
        from course_lib import doctor as examination

        findings = examination.examine(examination.Machine(out=out))
        if json:
            typer.echo(examination.as_json(findings))
        else:
            examination.render(findings, Console())
        return examination.exit_code(findings)

    guarded(work, verbose)


def guarded(work: Callable[[], Any], verbose: bool) -> None:
    """Do `work`; end with its exit code, and with one sentence instead of a traceback where it fails."""
    try:
        code = work()
    except CourseError as error:
        _tell(error, verbose)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("stopped; what was finished is kept: run the same command again to resume", err=True)
        raise typer.Exit(130) from None
    except Exception as error:
        _tell(error, verbose)
        typer.echo("This was not expected. Run it again with --verbose to see where it happened.", err=True)
        raise typer.Exit(1) from None
    if code:
        raise typer.Exit(code)


def _tell(error: BaseException, verbose: bool) -> None:
    if verbose:
        traceback.print_exception(error)
    text = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
    typer.echo(f"error: {text}", err=True)


def main() -> None:
    """Run the command line."""
    app(prog_name="course")


if __name__ == "__main__":
    main()
