"""What does `course grade` do? It grades what the learners of a class handed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Guarded = Callable[..., None]


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the command to `app`; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def grade(
        chapters: Annotated[
            list[str] | None,
            typer.Argument(metavar="[CHAPTER]...", help="Numbers or names; without any, all that were handed in."),
        ] = None,
        folder: Annotated[
            Path | None,
            typer.Option(
                "--class", metavar="DIR", help="The class.  [default: the one you stand in]", show_default=False
            ),
        ] = None,
        learners: Annotated[
            list[str] | None, typer.Option("--learner", metavar="NAME", help="Only this one; may be given again.")
        ] = None,
        jobs: Annotated[
            int | None,
            typer.Option(min=1, max=256, show_default=False, help="Submissions at a time.  [default: one a core]"),
        ] = None,
        again: Annotated[bool, typer.Option("--again", help="Also what is graded already.")] = False,
        sandbox: Annotated[
            bool,
            typer.Option(
                "--sandbox/--no-sandbox", help="Shut submissions in, or let them do what you may do yourself."
            ),
        ] = True,
        json_lines: Annotated[
            bool, typer.Option("--json-lines", help="One JSON object per event, for machines.")
        ] = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")] = False,
    ) -> None:
        """Grade what was handed in: run each answer shut in, test it from outside, enter the points.

        Verdicts go to `verdicts/`, points to `gradebook.db`, and notebooks for formgrader to `autograded/`. What was
        graded already, on the same file by the same tests, is kept. Stopped, it goes on where it was.

        Examples:

        * `course grade` grades all that was handed in to the class you stand in
        * `course grade 3 --class autumn/ --jobs 4` grades chapter 3 of a class
        * `course grade 3 --learner ada --again` grades one submission anew
        """

        def work() -> int:
            from rich.console import Console

            from course_lib.errors import BadArgument
            from course_lib.exercises.chapters import chapter_names, load_chapter
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.grading_run import Options, grade
            from course_lib.grading.grading_shown import JsonLines, Shown
            from course_lib.monitoring.machine import Machine, default_workers

            of = find_class(folder)
            names = tuple(dict.fromkeys(load_chapter(name).name for name in chapters or [])) or tuple(
                name for name in chapter_names() if any((of.root / "submitted").glob(f"*/{name}"))
            )
            if not names:
                raise BadArgument(f"nothing was handed in: {of.root / 'submitted'} holds no LEARNER/CHAPTER folder.")
            options = Options(
                chapters=names,
                learners=tuple(learners or ()),
                jobs=jobs or default_workers(Machine()),
                again=again,
                shut_in=sandbox,
            )
            with JsonLines() if json_lines else Shown(Console(), quiet) as shown:
                found: Any = grade(of, options, shown)
            return int(found.failed > 0)

        guarded(work, verbose, resumes=True)
