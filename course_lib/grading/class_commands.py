"""Which commands are an instructor's day? class new, roster, status, deadlines; release, collect, extension.

grades_commands.py has those that come after `course grade`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[[Callable[[], Any], bool], None]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]
ClassOption = Annotated[
    Path | None,
    typer.Option(
        "--class",
        metavar="DIR",
        help="The class.  [default: the one you stand in, or COURSE_CLASS]",
        show_default=False,
    ),
]
ChapterName = Annotated[str, typer.Argument(metavar="CHAPTER", help="Number or name.")]
_SOME = 20  # names that a list on the screen has, before it says how many more there are


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the commands to `app`; `guarded` turns errors into sentences and exit codes."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode="markdown", help="Make and look after a class: learners, states."
    )
    app.add_typer(group, name="class")

    @group.command()
    def new(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
        name: Annotated[str, typer.Option(help="What the class is called.  [default: the folder's name]")] = "",
        verbose: Verbose = False,
    ) -> None:
        """Make a class: its secret, its rules, its gradebook.

        Example: `course class new autumn --name "Data pipelines, autumn"`
        """

        def work() -> None:
            from course_lib.grading.class_folder import RULES, new_class

            _named(folder)
            made = new_class(folder.expanduser(), name)
            typer.echo(f"The class is in {made.root}, readable by you alone.")
            typer.echo(f"Deadlines and late policy: {made.root / RULES}")
            typer.echo("Keep `secret` as you keep the grades: hidden tests draw their inputs from it.")
            typer.echo(f"Next: cd {folder}, then `course class roster FILE.csv`")

        guarded(work, verbose)

    @group.command()
    def roster(
        file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A table with a header.")],
        of: ClassOption = None,
        encoding: Annotated[
            str | None,
            typer.Option(help="Of the file.  [default: UTF-8, or what its first bytes say]", show_default=False),
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Bring learners in from a table: adds and updates, and never removes.

        Known headers are those of Moodle, Canvas, nbgrader and most registries: an id (or an e-mail address), first and
        last name or one name, e-mail, and the platform's number.

        Example: `course class roster participants.csv`
        """

        def work() -> None:
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_roster import update_roster

            change = update_roster(find_class(of), file, encoding)
            typer.echo("Read: " + ", ".join(f"{field} from {head!r}" for field, head in change.file.columns.items()))
            for told in change.file.told:
                typer.echo(told)
            typer.echo(f"{len(change.added)} added, {len(change.updated)} updated, {len(change.same)} as before.")
            if change.absent:
                typer.echo(f"Not in the table, and kept: {some(change.absent)}")

        guarded(work, verbose)

    @group.command()
    def status(of: ClassOption = None, verbose: Verbose = False) -> None:
        """Show who has handed in what, and what is still to be done.

        Example: `course class status`
        """

        def work() -> None:
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_shown import status_table
            from course_lib.grading.class_status import status as look

            show(status_table(look(find_class(of))))

        guarded(work, verbose)

    @app.command()
    def release(
        chapter: ChapterName,
        of: ClassOption = None,
        packed: Annotated[bool, typer.Option("--zip", help="Also as a zip, for a learning platform.")] = False,
        verbose: Verbose = False,
    ) -> None:
        """Release a chapter to a class: without answers, hidden tests and mark schemes.

        Example: `course release 1 --zip`
        """

        def work() -> None:
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_release import release_chapter, release_zip

            folder = find_class(of)
            typer.echo(f"Released: {release_chapter(folder, chapter)}")
            if packed:
                typer.echo(f"For the platform: {release_zip(folder, chapter)}")

        guarded(work, verbose)

    @app.command()
    def collect(
        chapter: ChapterName,
        source: Annotated[Path, typer.Argument(metavar="FROM", help="A folder, or a platform's zip.")],
        of: ClassOption = None,
        at: Annotated[
            str | None,
            typer.Option(metavar="TIME", help="All count as handed in then.", show_default=False),
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Collect hand-ins; the newest of each learner wins, and nothing is lost.

        Ends with 1 where a file belongs to nobody, or could not be taken.

        Examples:

        * `course collect 1 Moodle-download.zip`
        * `course collect 1 inbox/` with LEARNER/anything.ipynb or LEARNER.ipynb in it
        """

        def work() -> int:
            from rich.progress import Progress

            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_collect import collect as take
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_shown import collected_lines

            known = load_chapter(chapter)
            folder, when = find_class(of), _when(at)
            screen = console(stderr=True)
            with Progress(console=screen, disable=not screen.is_terminal, transient=True) as bars:
                bar = bars.add_task("collecting")
                result = take(
                    folder, known, source.expanduser(), when,
                    lambda done, whole: bars.update(bar, completed=done, total=whole),
                )  # fmt: skip
            for line in collected_lines(result, known.name):
                typer.echo(line)
            return int(bool(result.unknown or result.refused))

        guarded(work, verbose)

    @app.command()
    def extension(
        learner: Annotated[str, typer.Argument(help="The learner's id.")],
        chapter: ChapterName,
        until: Annotated[str, typer.Argument(metavar="UNTIL", help="2026-12-03T12:00:00+01:00, or `none`.")],
        of: ClassOption = None,
        verbose: Verbose = False,
    ) -> None:
        """Give one learner more time for a chapter.

        Example: `course extension ana 1 2026-12-03T12:00:00+01:00`
        """

        def work() -> None:
            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_deadlines import grant, read_extensions, settle
            from course_lib.grading.class_folder import find_class, open_gradebook
            from course_lib.grading.class_roster import the_learner

            folder, name = find_class(of), load_chapter(chapter).name
            who, when = the_learner(folder, learner), None if until == "none" else _when(until)
            before = grant(folder, who, name, when)
            with open_gradebook(folder) as gradebook:
                changed = settle(gradebook, folder.rules(), read_extensions(folder.extensions), name)
            had = f" (it was {before.isoformat()})" if before else ""
            typer.echo(f"{who} has time for {name} until {when.isoformat() if when else 'the deadline of all'}{had}.")
            if changed:
                typer.echo(f"Late penalty brought up to date: {some(changed)}")

        guarded(work, verbose)


def _when(text: str | None) -> Any:
    from course_lib.errors import BadArgument
    from course_lib.grading.class_deadlines import parse_time

    try:
        return None if text is None else parse_time(text)
    except ValueError:
        raise BadArgument(
            f"{text!r} is not a time with its offset from UTC: write it like 2026-12-03T12:00:00+01:00"
        ) from None


def _named(folder: Path) -> None:
    from course_lib.errors import BadArgument

    if not folder.name:  # "" (an unset variable of the shell), "." and "/"
        raise BadArgument(f"{str(folder)!r} names no folder of its own; name a new one")


def some(names: list[str]) -> str:
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more


def console(stderr: bool = False) -> Any:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def show(shown: Any) -> None:
    console().print(shown)
