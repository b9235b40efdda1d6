"""Which commands does the workshop add to `course`? build, lab, reset, progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[[Callable[[], Any], bool], None]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]
Workspace = Annotated[
    Path | None,
    typer.Option(help="The learner's folder.  [default: workspace in the checkout]", show_default=False),
]


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the commands to `app`; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def build(
        chapters: Annotated[
            list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Numbers or names; without any, all of them.")
        ] = None,
        check: Annotated[
            bool, typer.Option("--check", help="Write nothing; fail where a notebook is out of date.")
        ] = False,
        verbose: Verbose = False,
    ) -> None:
        """Make the chapters' notebooks from their sources.

        Example: `course build 03`
        """

        def work() -> int:
            from course_lib.exercises import chapters as here

            changed = here.build(chapters or [], check=check)
            for name in changed:
                typer.echo(f"{name}: {'out of date: run `course build`' if check else 'built'}")
            if not changed:
                typer.echo("Every notebook is what its source says." if here.chapter_names() else "No chapters yet.")
            return int(check and bool(changed))

        guarded(work, verbose)

    @app.command()
    def lab(
        workspace: Workspace = None,
        browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
        port: Annotated[
            int | None, typer.Option(min=1, max=65535, help="[default: 8888, or the next free one]", show_default=False)
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Open the course: your own copies of the chapters, in JupyterLab on this machine.

        What you wrote is never overwritten. Ctrl-C ends it.
        """

        def work() -> None:
            from course_lib.exercises import lab as jupyter
            from course_lib.exercises.workspace import update

            folder = _folder(workspace)
            changes, broken = update(folder)
            for change in changes:
                if change.told:
                    typer.echo(f"{change.chapter}: {change.told}")
            for name, why in broken.items():
                typer.echo(f"{name} is left out, because it cannot be read: {why}", err=True)
            typer.echo(f"Your copies are in {folder}. JupyterLab is starting ...")
            jupyter.serve(folder, port=port, browser=browser)

        guarded(work, verbose)

    @app.command()
    def reset(
        chapter: Annotated[str, typer.Argument(help="Number or name.")],
        workspace: Workspace = None,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        verbose: Verbose = False,
    ) -> None:
        """Begin a chapter anew; your copy is kept under a number.

        Example: `course reset 3`
        """

        def work() -> int:
            from course_lib.exercises import workspace as place

            folder = _folder(workspace)
            name = place.the_chapter(folder, chapter)
            if not yes and not typer.confirm(f"Begin {name} anew? Your copy is kept in {folder / 'earlier'}"):
                typer.echo("Nothing was changed.")
                return 1
            kept = place.reset(folder, name)
            typer.echo(f"{name} begins anew." + (f" Your copy as it was: {kept}" if kept else ""))
            typer.echo("If it is open in JupyterLab: File, Reload Notebook from Disk.")
            return 0

        guarded(work, verbose)

    @app.command()
    def progress(workspace: Workspace = None, verbose: Verbose = False) -> None:
        """Show chapters, points so far, and the next step."""

        def work() -> None:
            from course_lib.exercises.catalog import HIDDEN
            from course_lib.exercises.progress_shown import progress_text
            from course_lib.exercises.standing import next_step
            from course_lib.exercises.workspace import standings

            folder = _folder(workspace)
            if not (folder / HIDDEN).is_dir():
                typer.echo("You have not begun yet: `make lab` (or `course lab`) opens the course.")
                return
            now = standings(folder)
            typer.echo(progress_text(now, next_step(now)))

        guarded(work, verbose)


def _folder(named: Path | None) -> Path:
    """The workspace that is meant: the one named, the one we stand in, or that of the checkout."""
    from course_lib.errors import BadArgument
    from course_lib.exercises.catalog import HIDDEN, find_workspace
    from course_lib.exercises.workspace import DEFAULT

    if (
        named is not None and not named.name and not (named / HIDDEN).is_dir()
    ):  # "" (an unset variable of the shell), "." and "/"
        raise BadArgument(f"--workspace {str(named)!r} names no folder of its own; name a new one")
    return (named or find_workspace() or DEFAULT).expanduser().resolve()
