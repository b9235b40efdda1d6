"""The `course` command: arguments in, an exit code and a sentence out.

Exit codes: 0 done, 1 a check failed or a step died, 2 bad arguments or unreadable input, 130 stopped by hand.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from course_lib.engines.commands import register as register_engines
from course_lib.engines.kafka.commands import register as register_kafka
from course_lib.errors import BadArgument, one_line
from course_lib.exercises.commands import register as register_workshop
from course_lib.exercises.scorecard_command import register as register_scorecard
from course_lib.grading.class_commands import register as register_class
from course_lib.grading.grade_command import register as register_grade
from course_lib.grading.grades_commands import register as register_grades
from course_lib.guard import guarded, prepare
from course_lib.ingestion.names import is_text

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
)
data = typer.Typer(no_args_is_help=True, help="Generate, fetch and describe trip files.", rich_markup_mode="markdown")
app.add_typer(data, name="data")


class Format(StrEnum):
    """Formats of generated files."""

    parquet = "parquet"
    csv = "csv"


_BY_CORES = "[default: one a core that this process may use; `course doctor` says how many]"


def _folder(text: str | Path) -> Path:
    """A folder to write to; an unset variable of the shell must not mean the folder one is in, nor ~ one called so."""
    if not str(text):
        raise typer.BadParameter("it is empty (is a variable of your shell unset?)")
    if not is_text(Path(text)):
        raise typer.BadParameter(f"{one_line(text)} is not UTF-8: choose another folder")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{one_line(text)}: {error}") from error


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
    out: Annotated[Path, typer.Option(parser=_folder, metavar="DIR", help="The run's folder.")] = Path("runs/latest"),
    trips: Annotated[
        int | None, typer.Option(help="How many trips to generate.  [default: 200000]", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The generator's seed.  [default: 7]", show_default=False)] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, show_default=False, help=f"Dask worker processes on this machine.  {_BY_CORES}"),
    ] = None,
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
        from course_lib.monitoring.machine import Machine, default_workers

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
            workers=workers or default_workers(Machine()),
            scheduler=scheduler,
            fresh=not resume,
            skip_unreadable=skip_unreadable,
            quiet=quiet,
        )
        console = Console(quiet=quiet)
        facts = run(options, console)
        if not quiet:
            show(facts, out, console)

    guarded(work, verbose, resumes=True)


@data.command()
def generate(
    folder: Annotated[Path, typer.Argument(parser=_folder, metavar="DIR", help="Where the files go.")],
    trips: Annotated[int, typer.Option(help="Rows in all.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    start: Annotated[str, typer.Option(metavar="YYYY-MM", help="The first month.")] = "2024-01",
    months: Annotated[int, typer.Option(help="How many months.")] = 3,
    format: Annotated[Format, typer.Option(help="Of the files.")] = Format.parquet,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, show_default=False, help=f"Threads.  {_BY_CORES}")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Invent trips, with defects whose truth is known.

    Example: `course data generate trips/ --trips 5000000 --months 6`
    """

    def work() -> None:
        from rich.progress import Progress

        from course_lib.ingestion.synthetic import generate as write
        from course_lib.monitoring.machine import Machine, default_workers
        from course_lib.trips.generator import Settings

        settings = Settings(trips=trips, seed=seed, start=start, months=months)
        console = Console()
        with Progress(console=console, disable=not console.is_terminal) as bars:
            bar = bars.add_task("trips", total=trips)
            paths = write(
                settings,
                folder,
                workers=workers or default_workers(Machine()),
                progress=lambda rows: bars.advance(bar, rows),
                format=format.value,
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
    folder: Annotated[Path, typer.Option("--to", parser=_folder, metavar="DIR", help="Where the files go.")] = Path(
        "trips"
    ),
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

    guarded(work, verbose, resumes=True)


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
    out: Annotated[
        Path, typer.Option(parser=_folder, metavar="DIR", help="Where runs are to go: is there room?")
    ] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    verbose: Verbose = False,
) -> None:
    """Say what this machine has and lacks, and what each lack costs."""

    def work() -> int:
        from course_lib.doctor import findings
        from course_lib.doctor.questions import examine
        from course_lib.monitoring.machine import Machine

        found = examine(Machine(out=out))
        if json:
            typer.echo(findings.as_json(found))
        else:
            findings.render(found, Console())
        return findings.exit_code(found)

    guarded(work, verbose)


register_workshop(app, guarded)
register_scorecard(app, guarded)
register_engines(app, guarded)
register_kafka(app, guarded)
register_class(app, guarded)
register_grade(app, guarded)
register_grades(app, guarded)


def main() -> None:
    """Run the command line."""
    prepare()
    app(prog_name="course")


if __name__ == "__main__":
    main()
