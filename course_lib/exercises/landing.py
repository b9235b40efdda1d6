"""What does a learner see first?

One page of Markdown, which JupyterLab shows as a page: the chapters with what each claims, how far one is, and where to
go on. Its links open notebooks. The bars are pictures inside of the page, so that it needs no network and no file.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from markupsafe import Markup

from course_lib.exercises.standing import ChapterStanding, next_step
from course_lib.plots.palette import COLOURS, RULE

HEAD = """# Data pipelines for ML systems

You build a pipeline for a city's taxi trips: from raw files to a model that predicts a trip's duration.
Each chapter makes a claim, lets you guess, and runs it; its exercises check themselves.
"""
FOOT = """## How it works

- **Shift + Enter** runs a cell. Begin a chapter at its top and go down.
- An exercise is a cell that ends in `raise NotImplementedError`. Write your answer in its place, and run the cell.
- `check("name")` runs its visible tests at once and says in words what is wrong.
- `hint("name")` gives the next of three hints; `progress()` shows where you stand.
- **Validate**, in a notebook's toolbar, runs the whole notebook from its top, as a grader would.
- Your copies are yours: a new release does not overwrite your work.
  In a terminal (File, New, Terminal), `course reset 1` begins chapter 1 anew and keeps the copy you had.

Points count visible tests. Hidden tests, and a person who reads your prose, decide the grade.
This page is written anew by every check: close it and open `index.md` again to see the latest.
"""
_TABLE = Markup('<table style="width:100%;margin:0">\n<tbody>\n{}\n</tbody>\n</table>\n')
_ROW = Markup(
    "<tr>"
    '<td style="width:27%;text-align:left;vertical-align:top;font-size:14px;padding:10px 16px 10px 4px">'
    '<a href="{link}"><strong>{title}</strong></a></td>'
    '<td style="text-align:left;vertical-align:top;font-size:14px;padding:10px 16px 10px 0">{about}</td>'
    '<td style="width:21%;text-align:left;vertical-align:top;font-size:14px;padding:10px 4px 10px 0">'
    '<img alt="" width="120" height="8" src="{bar}"/><br/>{points}</td>'
    "</tr>"
)


def page(chapters: Sequence[ChapterStanding]) -> str:
    """The landing page for a learner who stands so."""
    if not chapters:
        return "\n".join([HEAD, "There are no chapters here yet.\n", FOOT])
    rows = Markup("\n").join(
        _ROW.format(
            link=link(chapter.name),
            title=chapter.title,
            about=" ".join(chapter.about.split()),
            bar=bar(chapter.earned / chapter.checkable if chapter.checkable else 0.0),
            points=_points(chapter),
        )
        for chapter in chapters
    )
    return "\n".join([HEAD, _step(tuple(chapters)), "## Chapters\n", _TABLE.format(rows), FOOT])


def link(chapter: str) -> str:
    """Where a chapter lies, seen from the page."""
    return f"{chapter}/{chapter}.ipynb"


def bar(part: float, width: int = 120) -> str:
    """A bar as a data URI; full only for 1, empty only for 0.

    >>> bar(0.5)[:26]
    'data:image/svg+xml;base64,'
    """
    inside = 0.0 if part <= 0 else width if part >= 1 else min(max(part * width, 4.0), width - 4.0)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="8">'
        f'<rect width="{width}" height="8" rx="4" fill="{RULE.light}"/>'
        f'<rect width="{inside:.0f}" height="8" rx="4" fill="{COLOURS["met"].light}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _step(chapters: tuple[ChapterStanding, ...]) -> str:
    following = next_step(chapters)
    if following is None:
        return "> Every exercise that can be checked here holds. Hidden tests and your prose are for grading.\n"
    title = next(chapter.title for chapter in chapters if chapter.name == following.chapter)
    where = f"[{_plain(title)}]({link(following.chapter)})"
    if any(chapter.earned or chapter.hints for chapter in chapters):
        return f"> **Go on** with {where}: {_plain(following.title)}, {following.points} points.\n"
    return f"> **Begin** with {where}.\n"


def _points(chapter: ChapterStanding) -> str:
    hints = f", {chapter.hints} hint{'' if chapter.hints == 1 else 's'}" if chapter.hints else ""
    return f"{chapter.earned} of {chapter.checkable} points{hints}" if chapter.checkable else ""


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    for sign in "\\`*_|[]<>":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
