"""What is said reads well as text and is safe as HTML."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.exercises.cards import marked, prose
from course_lib.exercises.outcome import Outcome
from course_lib.exercises.progress_shown import bar, progress_card
from course_lib.exercises.shown import hint_card, verdict
from course_lib.exercises.standing import ChapterStanding, ExerciseStanding

KINDS = ["passed", "failed", "error", "unwritten", "no answer", "no setup", "slow", "essay", "unknown"]
ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)


@pytest.mark.parametrize("kind", KINDS)
@given(text=ANY)
def test_every_outcome_is_told_in_both_forms(kind, text: str):
    of = Outcome(
        kind, "psi", text, 5, said=text, advice=text, test=text, code=((1, text, True),), where=text, asserts=2,
        borrowed=(text,),
    )  # fmt: skip
    found = verdict(of, kept=text)

    ET.fromstring(found._repr_html_())  # noqa: S314  our own text: balanced, everything escaped
    assert str(found) == repr(found)
    assert "psi" in str(found)
    assert not found


@given(text=st.text(st.sampled_from("ab `*\n_<&\"'"), max_size=60))
def test_no_hint_breaks_the_page(text: str):
    ET.fromstring(hint_card("x", "X", (text, text, text), 3)._repr_html_())  # noqa: S314


def test_code_in_a_hint_is_code():
    page = str(prose("Sort, then:\n\n    a = 1\n    b = 2\n\nand `c`.\n```python\nd = 3\n```"))

    assert page.count("<pre") == 2
    assert "a = 1\nb = 2</pre>" in page
    assert "d = 3</pre>" in page
    assert ">c</code>" in page


def test_an_indented_hint_is_read_by_what_is_indented_further():
    assert "<pre" not in str(prose("    Only a question?"))


def test_stars_in_code_are_left_alone():
    assert "<strong>" not in str(marked("`a ** b ** c`"))


def test_a_bar_is_full_only_at_the_end():
    def standing(state: str, points: int) -> ExerciseStanding:
        return ExerciseStanding("01", "x", "X", points, state, 0)  # type: ignore[arg-type]

    nearly = ChapterStanding("01", "1", "", (standing("passed", 99), standing("tried", 1)))
    barely = ChapterStanding("01", "1", "", (standing("passed", 1), standing("tried", 99)))
    done = ChapterStanding("01", "1", "", (standing("passed", 99), standing("essay", 10)))

    assert (bar(nearly), bar(barely), bar(done)) == ("█████████░", "█░░░░░░░░░", "██████████")


@given(text=ANY)
def test_progress_is_safe_whatever_a_chapter_is_called(text: str):
    exercise = ExerciseStanding("01", text, text, 5, "tried", 2)
    chapter = ChapterStanding("01", text, text, (exercise,))

    ET.fromstring(progress_card((chapter,), exercise, "01", text)._repr_html_())  # noqa: S314
