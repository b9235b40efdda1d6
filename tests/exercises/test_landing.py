"""The first page shows the chapters, how far one is, and where to go on."""

import base64
import re
import xml.etree.ElementTree as ET

from course_lib.exercises.landing import bar, page
from course_lib.exercises.release import card
from course_lib.exercises.standing import ChapterStanding, Event, ExerciseStanding, standing
from tests.exercises.workshop import NAME, practice

CARDS = (card(practice()),)


def test_a_learner_is_told_where_to_begin():
    told = page(standing(CARDS, []))

    assert f"**Begin** with [1. Practice]({NAME}/{NAME}.ipynb)." in told
    assert "A mean hides what a median shows." in told
    assert "0 of 40 points" in told


def test_a_learner_is_told_where_to_go_on():
    told = page(standing(CARDS, [Event("check", NAME, "middle", "passed"), Event("hint", NAME, "trimmed", "1")]))

    assert "**Go on** with" in told and "A mean without its ends, 20 points" in told
    assert "20 of 40 points, 1 hint" in told


def test_a_learner_who_is_done_is_told_so():
    events = [Event("check", NAME, name, "passed") for name in ("middle", "trimmed")]

    assert "Every exercise that can be checked here holds." in page(standing(CARDS, events))


def test_a_page_without_chapters_says_so():
    assert "no chapters here yet" in page(())


def test_titles_break_neither_the_table_nor_the_links():
    strange = "a | b [c](d) <script> `e` **f**"
    exercise = ExerciseStanding("01_x", "x", strange, 5, "tried", 0)
    told = page((ChapterStanding("01_x", strange, strange, (exercise,)),))

    assert "<script>" not in told.replace("\\<script\\>", "")
    table = re.search(r"<table.*</table>", told, re.DOTALL)
    assert table is not None
    ET.fromstring(table[0])  # noqa: S314  our own text


def test_a_bar_is_a_picture_that_needs_no_file():
    def width(part: float) -> str:
        svg = base64.b64decode(bar(part).partition(",")[2]).decode()
        return ET.fromstring(svg)[1].get("width", "")  # noqa: S314

    assert [width(part) for part in (0, 0.001, 0.5, 0.999, 1)] == ["0", "4", "60", "116", "120"]
