"""How do grades leave the course, for a spreadsheet or a registry?

As CSV after RFC 4180: every field that needs quotes has them. A cell that a spreadsheet would take for a formula (it
begins with = + - @, a tab or a line end, also in full width) gets an apostrophe in front, because names and ids come
from outside. Pure: rows in, text out.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence

from course_lib.grading.class_scores import ChapterScore, written
from course_lib.grading.roster_file import Learner

Row = Sequence[str | float | None]
_FORMULA = "=+-@\t\r\n|%"


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV text; numbers as numbers, None as nothing.

    >>> print(as_csv([["=1+1", "Müller, Max", 7.5, None]]).strip())
    '=1+1,"Müller, Max",7.5,
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def overview(
    learners: Sequence[Learner], chapters: Mapping[str, float], of: Mapping[str, Mapping[str, ChapterScore]]
) -> list[Row]:
    """A line for each learner, two columns for each chapter: points that count, and what lateness cost of them.

    chapters   name to its points, in their order
    of         chapter to learner to score
    """
    head: list[str | float | None] = ["learner", "last name", "first name", "email"]
    for chapter, most in chapters.items():
        head += [f"{chapter} (of {written(most)})", f"{chapter} late penalty"]
    rows: list[Row] = [[*head, f"total (of {written(sum(chapters.values()))})"]]
    for learner in learners:
        row: list[str | float | None] = [learner.id, learner.last, learner.first, learner.email]
        total = 0.0
        for chapter in chapters:
            score = of.get(chapter, {}).get(learner.id)
            row += [score.points, score.penalty] if score else [None, None]
            total += score.points if score else 0.0
        rows.append([*row, total])
    return rows


def by_exercise(learners: Sequence[Learner], chapter: str, of: Mapping[str, ChapterScore]) -> list[Row]:
    """A line for each learner, a column for each exercise of a chapter."""
    exercises = {one.exercise: one.of for score in of.values() for one in score.exercises}
    head = [f"{name} (of {written(most)})" for name, most in exercises.items()]
    rows: list[Row] = [["learner", "last name", "first name", "email", *head, "earned", "late penalty", "points"]]
    for learner in learners:
        score = of.get(learner.id)
        row: list[str | float | None] = [learner.id, learner.last, learner.first, learner.email]
        row += [score.names[name].points if score and name in score.names else None for name in exercises]
        rows.append([*row, *((score.earned, score.penalty, score.points) if score else (None, None, None))])
    return rows


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return written(value)
    first = unicodedata.normalize("NFKC", value.lstrip(" \u00a0"))[:1]
    return f"'{value}" if value and (value[0] in _FORMULA or first in _FORMULA) else value
