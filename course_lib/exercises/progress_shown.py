"""How does progress read, in a notebook and in a terminal?"""

from __future__ import annotations

from markupsafe import Markup

from course_lib.exercises.cards import FAINT, TONES, Shown, card, paragraph
from course_lib.exercises.standing import ChapterStanding, ExerciseStanding

_SIGNS = {
    "new": ("○", "open"),
    "tried": ("◐", "tried"),
    "passed": ("✓", "holds here"),
    "borrowed": ("!", "borrowed"),
    "essay": ("✎", "read by a person"),
}
_COUNTED = "Counted are exercises whose visible tests hold. Hidden tests decide the grade; a person reads the prose."
# JupyterLab gives all columns the same width, and a name that may not wrap would lie over its neighbour.
_TABLE = Markup('<table style="table-layout:auto;border-collapse:collapse;margin:6px 0 2px;{}">{}</table>')
_ROW = Markup('<tr style="background:none">{}</tr>')
_CELL = Markup('<td style="padding:3px 12px 3px 0;text-align:left;border:0;white-space:nowrap">{}</td>')
_NAME = Markup('<td style="padding:3px 12px 3px 0;text-align:left;border:0;overflow-wrap:anywhere">{}</td>')
_WIDE = Markup('<td style="padding:3px 12px 3px 0;text-align:left;border:0;width:40%">{}</td>')
_BAR = Markup(
    '<div style="background:{};height:8px;border-radius:4px">'
    '<div style="background:{};height:8px;border-radius:4px;width:{:.1f}%"></div></div>'
)


def progress_card(
    chapters: tuple[ChapterStanding, ...], following: ExerciseStanding | None, current: str, kept: str
) -> Shown:
    """Chapters with their points, the exercises of the chapter `current`, and the next step."""
    text = progress_text(chapters, following, kept)
    if not chapters:
        return Shown(text, card("○", Markup("There are no chapters yet."), "", "calm", []))
    rows = (
        _cells(_NAME.format(chapter.title), _WIDE.format(_drawn(chapter)), _CELL.format(_points(chapter)),
               _CELL.format(_hints(chapter.hints)))
        for chapter in chapters
    )  # fmt: skip
    parts = [_TABLE.format("width:100%", Markup("").join(rows))]
    parts += [_exercises(chapter) for chapter in chapters if chapter.name == current]
    parts += [paragraph(_next(following, "`{}`")), *(paragraph(said, quiet=True) for said in (_COUNTED, kept) if said)]
    earned, whole = sum(c.earned for c in chapters), sum(c.checkable for c in chapters)
    head = Markup("<strong>Your progress</strong>")
    return Shown(text, card("▸", head, f"{earned} of {whole} points", "calm", parts))


def progress_text(chapters: tuple[ChapterStanding, ...], following: ExerciseStanding | None, kept: str = "") -> str:
    """The progress for a terminal."""
    if not chapters:
        return "There are no chapters yet."
    wide = max(len(chapter.title) for chapter in chapters)
    lines = []
    for chapter in chapters:
        lines.append(f"{chapter.title:{wide}}  {bar(chapter)}  {_points(chapter)}  {_hints(chapter.hints)}".rstrip())
        if any(exercise.state not in ("new", "essay") for exercise in chapter.exercises):
            lines += [
                f"  {_SIGNS[exercise.state][0]} {exercise.name}: {_SIGNS[exercise.state][1]} ({exercise.points} points)"
                for exercise in chapter.exercises
            ]
    return "\n".join([*lines, _next(following, "{}"), _COUNTED, *([kept] if kept else [])])


def bar(chapter: ChapterStanding, cells: int = 10) -> str:
    """A bar of text: full only when everything is done, empty only when nothing is.

    >>> bar(ChapterStanding("01", "1", "", ()))
    '░░░░░░░░░░'
    """
    if not chapter.earned:
        return "░" * cells
    done = cells if chapter.earned >= chapter.checkable else round(cells * chapter.earned / chapter.checkable)
    done = done if chapter.earned >= chapter.checkable else min(max(done, 1), cells - 1)
    return "█" * done + "░" * (cells - done)


def _drawn(chapter: ChapterStanding) -> Markup:
    part = 100 * chapter.earned / chapter.checkable if chapter.checkable else 0.0
    return _BAR.format(FAINT, TONES["good"], part)


def _exercises(chapter: ChapterStanding) -> Markup:
    rows = (
        _cells(
            _CELL.format(" ".join(_SIGNS[exercise.state])),
            _CELL.format(Markup("<code>{}</code>").format(exercise.name)),
            _NAME.format(exercise.title),
            _CELL.format(f"{exercise.points} points"),
            _CELL.format(_hints(exercise.hints)),
        )
        for exercise in chapter.exercises
    )
    return paragraph(f"**{chapter.title}**, exercise by exercise") + _TABLE.format("", Markup("").join(rows))


def _cells(*cells: Markup) -> Markup:
    return _ROW.format(Markup("").join(cells))


def _points(chapter: ChapterStanding) -> str:
    return f"{chapter.earned} of {chapter.checkable} points"


def _hints(number: int) -> str:
    return f"{number} hint{'' if number == 1 else 's'}" if number else ""


def _next(following: ExerciseStanding | None, name: str) -> str:
    if following is None:
        return "Every exercise that can be checked here holds."
    told = name.format(following.name)
    return f"Next: {told}, {following.title} ({following.points} points), in chapter {following.chapter}."
