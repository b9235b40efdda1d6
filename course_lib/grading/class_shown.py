"""How do a class, its grades and its statistics read in a terminal?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from course_lib.errors import one_line
from course_lib.grading.check_statistics import counted, groups
from course_lib.grading.class_collect import Collected
from course_lib.grading.class_scores import written
from course_lib.grading.class_status import SIGNS, WORDS, ClassStatus
from course_lib.grading.grades_table import Row
from course_lib.grading.regrade_changes import Change
from course_lib.grading.verdict import Verdict

_BAR = 12  # cells
_NAMED = 6  # learners named for each way to fail
_STYLES = {"nothing": "dim", "handed in": "cyan", "anew": "cyan", "waits": "yellow", "graded": "green"}


def status_table(of: ClassStatus) -> Any:
    """The class as a table."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    if not of.learners:
        return Text("Nobody is in this class yet: `course class roster FILE.csv` brings learners in.")
    table = Table(title=Text(of.name), title_justify="left", header_style="bold", show_footer=bool(of.chapters))
    table.add_column("learner", overflow="fold", footer="graded")
    table.add_column("name", overflow="fold", footer=Text(""))
    for chapter, most in of.chapters.items():
        done = of.count(chapter, "graded")
        table.add_column(
            Text(f"{chapter}\nof {written(most)}"),
            footer=Text(f"{_bar(done, len(of.learners))} {done}/{len(of.learners)}"),
        )
    for learner in of.learners:
        cells = []
        for chapter in of.chapters:
            standing = of.standings[learner.id, chapter]
            cells.append(Text(str(standing), style=_STYLES[standing.state]))
        table.add_row(Text(one_line(learner.id)), Text(one_line(learner.name)), *cells)
    if not of.chapters:
        return Group(table, Text("No chapter is released yet: `course release 1` releases the first."))
    return Group(table, Text("   ".join(f"{SIGNS[state]} {words}" for state, words in WORDS.items()), style="dim"))


def collected_lines(of: Collected, chapter: str) -> Iterator[str]:
    """What was collected, a line for each thing to know."""
    counts = {what: sum(one.what == what for one in of.taken) for what in ("new", "newer", "same", "older")}
    yield (
        f"{chapter}: {counts['new']} new, {counts['newer']} newer than before, {counts['same']} the same, "
        f"{counts['older']} older than what is there and left alone."
    )
    for one in of.taken:
        if one.what == "older":
            yield f"  {one.learner}: {one.path} is older ({one.at:%Y-%m-%d %H:%M} UTC) than what is there"
        for path in one.passed_over:
            yield f"  {one.learner}: {one.path} is the newest; passed over: {path}"
        if one.broken:
            yield f"  {one.learner}: {one.path} is taken, and cannot be read as a notebook: {one_line(one.broken)}"
    for path, why in of.unknown:
        yield f"  of nobody: {path}: {one_line(why)}"
    for path, why in of.refused:
        yield f"  not taken: {path}: {one_line(why)}"
    if of.elsewhere:
        yield f"  not of this chapter: {', '.join(of.elsewhere[:5])}{' ...' if len(of.elsewhere) > 5 else ''}"
    if of.others:
        yield f"  {of.others} file{'' if of.others == 1 else 's'} that are no notebooks were left alone."
    if of.absent:
        more = f" and {len(of.absent) - 20} more" if len(of.absent) > 20 else ""
        yield f"  nothing yet of {', '.join(of.absent[:20])}{more}"
    if of.unknown:
        yield "Add who is missing with `course class roster`, or rename the folder to an id; then run it again."


def grades_table(rows: Sequence[Row]) -> Any:
    """Grades as a table; the e-mail addresses are left to the CSV."""
    from rich.table import Table
    from rich.text import Text

    head = [str(name) for name in rows[0]]
    kept = [place for place, name in enumerate(head) if name != "email"]
    table = Table(header_style="bold")
    for place in kept:
        name = head[place].replace(" (of ", "\n(of ").replace(" late ", "\nlate ")
        table.add_column(Text(name), justify="left" if place < 4 else "right", overflow="fold")
    for row in rows[1:]:
        table.add_row(*(Text(_cell(row[place])) for place in kept))
    return table


def statistics_shown(chapter: str, verdicts: Sequence[Verdict]) -> Any:
    """The statistics of a chapter: a table, and the ways to fail."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{chapter}: {len(verdicts)} hand-ins"), title_justify="left", header_style="bold")
    for name in ("exercise", "all checks pass", "visible fails", "hidden fails", "other", "mean", "of"):
        table.add_column(name, justify="left" if name in ("exercise", "all checks pass") else "right")
    for one in counted(verdicts):
        if "hand" in one.ended:
            table.add_row(Text(one.exercise), Text("by hand", style="dim"), "", "", "", "", str(one.of))
            continue
        other = one.hand_ins - one.passed - one.visible - one.hidden
        table.add_row(
            Text(one.exercise),
            f"{_bar(one.passed, one.hand_ins)} {one.passed}/{one.hand_ins}",
            *(str(number or "") for number in (one.visible, one.hidden, other)),
            written(one.points),
            str(one.of),
        )
    parts: list[Any] = [table]
    for way in groups(verdicts)[:15]:
        who = ", ".join(way.learners[:_NAMED])
        more = f" and {len(way.learners) - _NAMED} more" if len(way.learners) > _NAMED else ""
        parts.append(Text.assemble((f"\n{len(way.learners)} × {way.name}", "bold"), f"   {one_line(who)}{more}"))
        parts.append(Text(f"  {one_line(' '.join(way.message.split()))[:400]}"))
        if way.hint:
            parts.append(Text(f"  hint: {one_line(' '.join(way.hint.split()))[:400]}", style="dim"))
    return Group(*parts)


def changes_table(found: Sequence[Change], dry_run: bool) -> Any:
    """Whose points changed."""
    from rich.table import Table
    from rich.text import Text

    title = "Points that would change" if dry_run else "Points that changed"
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in ("learner", "exercise", "before", "after", ""):
        table.add_column(name, justify="right" if name in ("before", "after") else "left")
    for one in found:
        table.add_row(
            Text(one_line(one.learner)), Text(one.exercise), *(_ended(part) for part in (one.before, one.after)),
            "your own points stay" if one.by_hand else "",
        )  # fmt: skip
    return table


def _ended(part: Any) -> str:
    return "" if part is None else f"{part.points} {part.ended}"


def _bar(part: int, whole: int) -> str:
    """A bar of text: full only for all, empty only for none.

    >>> _bar(0, 9), _bar(1, 999), _bar(998, 999), _bar(9, 9)
    ('░░░░░░░░░░░░', '█░░░░░░░░░░░', '███████████░', '████████████')
    """
    if not whole or not part:
        return "░" * _BAR
    filled = _BAR if part >= whole else min(max(round(_BAR * part / whole), 1), _BAR - 1)
    return "█" * filled + "░" * (_BAR - filled)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return written(value) if isinstance(value, int | float) else one_line(value)
