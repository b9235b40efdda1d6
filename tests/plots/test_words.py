import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.plots.words import compact, count, decimal, known, listed, percent, plural, printable, seconds, spoken

NUMBERS = st.none() | st.integers(-(10**400), 10**400) | st.floats()


@given(NUMBERS)
def test_every_number_can_be_told(number):
    for told in (count(number), decimal(number), seconds(number), percent(number, 7), percent(7, number)):
        assert told
        assert "nan" not in told
    if known(number):
        assert compact(number)


@given(st.integers(0, 10**18), st.integers(1, 10**18))
def test_no_share_is_rounded_to_nothing_or_to_everything(part, whole):
    part = min(part, whole)
    told = percent(part, whole).replace("\u202f", "")

    assert (told == "0%") == (part == 0)
    assert (told == "100%") == (part == whole)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_share_is_told_to_three_digits(part, whole):
    told = percent(part, whole).replace("\u202f%", "").replace(",", "")

    if not told.startswith(("<", ">")):
        assert float(told) == pytest.approx(part / whole * 100, rel=0.06, abs=0.005)


@given(st.text(st.characters()))
def test_nothing_that_acts_survives_being_made_printable(text):
    shown = printable(text, longest=10**6)

    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode()
    assert printable(text, longest=5) == printable(text, longest=5)


@given(st.text(), st.integers(2, 40))
def test_what_is_printable_is_cut(text, longest):
    assert len(printable(text, longest)) <= 10 * longest  # an escape takes up to ten characters


def test_names_are_spoken_and_listed():
    assert spoken("dropoff_not_after_pickup") == "dropoff not after pickup"
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (plural(1, "entry", "entries"), plural(2, "entry", "entries")) == ("1 entry", "2 entries")
