"""Which commands does Kafka add to `course`? kafka start, stop, status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[[Callable[[], Any], bool], None]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the commands to `app`; `guarded` turns errors into sentences and exit codes."""
    kafka = typer.Typer(no_args_is_help=True, help="A real Kafka broker on this machine.", rich_markup_mode="markdown")
    app.add_typer(kafka, name="kafka")

    @kafka.command()
    def start(
        data: Annotated[
            Path | None,
            typer.Option(
                metavar="DIR", show_default=False, help="Keeps the topics.  [default: they go with the broker]"
            ),
        ] = None,
        port: Annotated[
            int, typer.Option(min=0, max=65535, show_default=False, help="Of loopback.  [default: a free one]")
        ] = 0,
        verbose: Verbose = False,
    ) -> None:
        """Start a broker, which runs until `course kafka stop`; where one runs already, say where.

        Examples:

        * `course kafka start` keeps nothing
        * `course kafka start --data runs/kafka --port 9092` goes on with what is in that folder
        """

        def work() -> None:
            from course_lib.engines.kafka import service

            found = service.begin(data.expanduser().absolute() if data else None, port)
            typer.echo(f"Apache Kafka {found.version} answers at {found.bootstrap}; its logs are in {found.data}")

        guarded(work, verbose)

    @kafka.command()
    def stop(verbose: Verbose = False) -> None:
        """End the broker that `course kafka start` started.

        Example: `course kafka stop`
        """

        def work() -> None:
            from course_lib.engines.kafka import service

            found = service.end()
            typer.echo(f"The broker at {found.bootstrap} has ended." if found else "No broker runs.")

        guarded(work, verbose)

    @kafka.command()
    def status(verbose: Verbose = False) -> None:
        """Say whether a broker runs, and where: exit code 0 when it does, 1 when none does.

        Example: `course kafka status`
        """

        def work() -> int:
            from course_lib.engines.kafka import service

            found = service.status()
            if found is None:
                typer.echo("No broker runs. Start one with: course kafka start")
                return 1
            typer.echo(f"Apache Kafka {found.version} at {found.bootstrap}, process {found.pid}, logs in {found.data}")
            return 0

        guarded(work, verbose)
