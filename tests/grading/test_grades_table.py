"""Grades survive their way through CSV, and no cell is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.class_scores import ChapterScore, ExerciseScore
from course_lib.grading.grades_table import as_csv, by_exercise, overview
from course_lib.grading.roster_file import Learner

ANA, BOB = Learner("ana", "Ana", "García, Ruiz", "a@b.c"), Learner("bob", "=1+1", 'O"Neil')


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), min_size=1)))
def test_what_is_written_is_read_again(rows: list[list[str]]):
    found = read(as_csv(rows))

    assert [[cell.removeprefix("'") if cell != row[n] else cell for n, cell in enumerate(one)]
            for one, row in zip(found, rows, strict=True)] == rows  # fmt: skip


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "＠x", "|calc", "\n=1", "\u00a0=1"]
)
def test_a_formula_is_text(cell: str):
    assert read(as_csv([[cell]])) == [[f"'{cell}"]]


@given(st.text(max_size=5), st.sampled_from("=+-@"))
def test_no_cell_begins_like_a_formula(text: str, sign: str):
    [[cell]] = read(as_csv([[sign + text.replace("\0", "")]]))

    assert cell.startswith("'")


def score(learner: str, *points: float, penalty: float = 0.0) -> ChapterScore:
    rows = tuple(ExerciseScore(f"e{n}", 10, value, None, value, False) for n, value in enumerate(points))
    return ChapterScore(learner, "01", rows, penalty)


def test_an_overview_has_a_line_for_each_learner():
    rows = overview([ANA, BOB], {"01": 20.0, "02": 5.0}, {"01": {"ana": score("ana", 10, 7.5, penalty=1.75)}})

    assert read(as_csv(rows)) == [
        ["learner", "last name", "first name", "email", "01 (of 20)", "01 late penalty", "02 (of 5)",
         "02 late penalty", "total (of 25)"],
        ["ana", "García, Ruiz", "Ana", "a@b.c", "15.75", "1.75", "", "", "15.75"],
        ["bob", 'O"Neil', "'=1+1", "", "", "", "", "", "0"],
    ]  # fmt: skip


def test_a_chapter_has_a_column_for_each_exercise():
    rows = by_exercise([ANA, BOB], "01", {"ana": score("ana", 10, 7.5, penalty=20)})

    assert read(as_csv(rows))[0][4:] == ["e0 (of 10)", "e1 (of 10)", "earned", "late penalty", "points"]
    assert read(as_csv(rows))[1][4:] == ["10", "7.5", "17.5", "20", "0"]
    assert read(as_csv(rows))[2][4:] == ["", "", "", "", ""]
