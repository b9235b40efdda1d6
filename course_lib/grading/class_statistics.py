"""What does the instructor learn from a graded chapter?

CLASS/statistics/CHAPTER.html: which checks failed how often, as a picture and a table, and the ways to fail with the
hint that fits.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from course_lib.errors import BadArgument
from course_lib.exercises.release import card
from course_lib.exercises.source import Chapter
from course_lib.grading.check_statistics import ExerciseCount, Group, counted, groups, picture
from course_lib.grading.class_folder import ClassFolder, write_private
from course_lib.grading.class_scores import mean, written
from course_lib.grading.pages import rendered, shown, worded
from course_lib.grading.verdict import Verdict, read_verdicts
from course_lib.plots.words import listed, plural

WIDE, NARROW = 832, 348  # px
_NAMED = 12  # learners named for each way to fail


def graded(of: ClassFolder, chapter: Chapter) -> list[Verdict]:
    """The verdicts of a chapter. Raises BadArgument where there are none."""
    verdicts = read_verdicts(of.root, chapter.name)
    if not verdicts:
        raise BadArgument(f"nothing of {chapter.name} is graded yet: `course grade {chapter.name}` comes first")
    return verdicts


def write_statistics(of: ClassFolder, chapter: Chapter, verdicts: list[Verdict]) -> Path:
    """Write the page; its path."""
    path = of.statistics(chapter.name)
    write_private(path, statistics_page(of.rules().name, chapter, verdicts))
    return path


def statistics_page(class_name: str, chapter: Chapter, verdicts: list[Verdict]) -> str:
    """The page as HTML."""
    drawn, ways = picture(verdicts), groups(verdicts)
    most = sum(part.of for part in verdicts[0].exercises if not part.by_hand) if verdicts else 0
    average = written(mean(one.points for one in verdicts) or 0.0)
    summary = f"{plural(len(verdicts), 'hand-in')}; tests gave {average} of {most} points in the mean."
    page: Any = SimpleNamespace(
        title=shown(card(chapter).title),
        about=shown(f"{class_name}: statistics" if class_name else "Statistics"),
        summary=summary,
        picture=drawn,
        wide=drawn.svg(WIDE, "wide"),
        narrow=drawn.svg(NARROW, "narrow"),
        exercises=[_row(one) for one in counted(verdicts)],
        groups=[_way(one) for one in ways],
        ways=f"{plural(len(ways), 'way')} to fail" if ways else "Nobody fails a check",
    )
    return rendered("statistics.html.j2", page)


def _row(one: ExerciseCount) -> SimpleNamespace:
    by_hand = "hand" in one.ended
    other = one.hand_ins - one.passed - one.visible - one.hidden - one.ended.get("hand", 0)
    return SimpleNamespace(
        name=one.exercise, by_hand=by_hand, passed=one.passed, part=round(100 * one.passed / one.hand_ins, 1),
        visible=one.visible or "", hidden=one.hidden or "", other=other or "",
        mean="" if by_hand else written(one.points), of=one.of,
    )  # fmt: skip


def _way(way: Group) -> SimpleNamespace:
    return SimpleNamespace(
        name=shown(way.name), count=plural(len(way.learners), "hand-in"), message=worded(way.message),
        hint=worded(way.hint), who=shown(listed(way.learners, _NAMED)),
    )  # fmt: skip
