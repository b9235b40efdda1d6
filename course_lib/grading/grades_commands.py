"""Which commands come after `course grade`? formgrader, feedback, grades, statistics, regrade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course_lib.grading.class_commands import ChapterName, ClassOption, Guarded, Verbose, show, some


def register(app: typer.Typer, guarded: Guarded) -> None:
    """Add the commands to `app`; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def formgrader(
        of: ClassOption = None,
        browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
        port: Annotated[
            int | None, typer.Option(min=1, max=65535, help="[default: 8900, or the next free one]", show_default=False)
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Open formgrader on the class, to read prose with its mark scheme and to change points. Ctrl-C ends it.

        Example: `course formgrader`
        """

        def work() -> None:
            from course_lib.grading import formgrader as server
            from course_lib.grading.class_folder import find_class

            server.serve(find_class(of), port=port, browser=browser)

        guarded(work, verbose)

    @app.command()
    def feedback(
        chapter: ChapterName,
        of: ClassOption = None,
        packed: Annotated[bool, typer.Option("--zip", help="Also all pages in one zip.")] = False,
        verbose: Verbose = False,
    ) -> None:
        """Write a page for each learner: what failed, in words, and what you wrote; nothing that is hidden.

        Example: `course feedback 1`
        """

        def work() -> None:
            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_feedback import feedback_zip, write_feedback
            from course_lib.grading.class_folder import find_class

            folder, known = find_class(of), load_chapter(chapter)
            done = write_feedback(folder, known)
            place = folder.root / "feedback" / "LEARNER" / known.name / f"{known.name}.html"
            typer.echo(f"{len(done.new)} pages written, {len(done.same)} are as they were: {place}")
            if done.waiting:
                typer.echo(f"A person has still to read: {some(done.waiting)}")
            if packed:
                typer.echo(f"All in one: {feedback_zip(folder, known.name)}")

        guarded(work, verbose)

    @app.command()
    def grades(
        chapter: Annotated[
            str | None, typer.Argument(metavar="[CHAPTER]", help="Its exercises; without it, all chapters.")
        ] = None,
        of: ClassOption = None,
        csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet or a registry.")] = False,
        out: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Write there (with a mark that Excel wants).")
        ] = None,
        verbose: Verbose = False,
    ) -> None:
        """Show the grades, late penalties taken off.

        Examples:

        * `course grades --csv > grades.csv`
        * `course grades 1 --csv --out chapter1.csv`
        """

        def work() -> None:
            from course_lib.errors import BadArgument
            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_deadlines import read_extensions
            from course_lib.grading.class_folder import find_class, open_gradebook, write_private
            from course_lib.grading.class_roster import learners
            from course_lib.grading.class_scores import released, scores
            from course_lib.grading.class_shown import grades_table
            from course_lib.grading.grades_table import as_csv, by_exercise, overview

            folder = find_class(of)
            rules, extensions, people = folder.rules(), read_extensions(folder.extensions), learners(folder)
            with open_gradebook(folder) as gradebook:
                chapters = released(gradebook)
                if chapter is not None:
                    name = load_chapter(chapter).name
                    if name not in chapters:
                        raise BadArgument(f"{name} is not released: `course release {name}` comes first")
                    rows = by_exercise(people, name, scores(gradebook, rules, extensions, name))
                else:
                    found = {name: scores(gradebook, rules, extensions, name) for name in chapters}
                    rows = overview(people, chapters, found)
            if out is not None:
                write_private(out.expanduser(), "\ufeff" + as_csv(rows))
                typer.echo(f"Written: {out}")
            elif csv:
                typer.echo(as_csv(rows).encode(), nl=False)
            else:
                show(grades_table(rows))

        guarded(work, verbose)

    @app.command()
    def statistics(
        chapter: ChapterName,
        of: ClassOption = None,
        verbose: Verbose = False,
    ) -> None:
        """Show which checks failed how often, and in which ways; also as a page with a picture.

        Example: `course statistics 1`
        """

        def work() -> None:
            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_shown import statistics_shown
            from course_lib.grading.class_statistics import graded, write_statistics

            folder, known = find_class(of), load_chapter(chapter)
            verdicts = graded(folder, known)
            show(statistics_shown(known.name, verdicts))
            typer.echo(f"With a picture: {write_statistics(folder, known, verdicts)}")

        guarded(work, verbose)

    @app.command()
    def regrade(
        chapter: ChapterName,
        of: ClassOption = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only say whose points would change; the class stays as it is.")
        ] = False,
        verbose: Verbose = False,
    ) -> None:
        """Grade a chapter again after a test was mended, and list whose points changed; what you gave by hand stays.

        Example: `course regrade 1 --dry-run`
        """

        def work() -> None:
            from course_lib.exercises.chapters import load_chapter
            from course_lib.grading.class_folder import find_class
            from course_lib.grading.class_regrade import graded_again
            from course_lib.grading.class_regrade import regrade as again
            from course_lib.grading.class_shown import changes_table

            found = again(find_class(of), load_chapter(chapter), graded_again, dry_run=dry_run)
            if found:
                show(changes_table(found, dry_run))
            else:
                typer.echo(f"Nobody's points {'would change' if dry_run else 'changed'}.")

        guarded(work, verbose)
