from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.plots.svg import el, fit, label, number, scale, spread, text_width, ticks

LENGTHS = st.floats(-1e6, 1e6)


@given(st.text(st.characters()))
def test_what_is_written_is_escaped(text):
    written = el("text", text, title=text)

    assert "<" not in written.removeprefix("<text").removesuffix("</text>").removesuffix("/>")
    assert written.count('"') == 2


def test_text_that_fits_is_left_alone_and_other_is_cut_in_its_middle():
    assert fit("short", 500) == "short"
    assert fit("green_tripdata_2020-10.csv", 120).startswith("green")
    assert fit("green_tripdata_2020-10.csv", 120).endswith(".csv")


@given(st.text(max_size=200), st.floats(20, 500))
def test_fitted_text_fits(text, px):
    assert text_width(fit(text, px)) <= px


def test_cut_text_keeps_the_whole_as_its_tip():
    assert "<title>a very long name of a rule</title>" in label(0, 0, "a very long name of a rule", within=60)


@given(st.floats(1e-9, 1e15), st.integers(1, 9), st.booleans())
def test_ticks_start_at_zero_and_reach_the_highest_value(high, about, whole):
    found = ticks(high, about, whole=whole)

    assert found[0] == 0
    assert found[-1] >= high * (1 - 1e-6)
    assert all(a < b for a, b in pairwise(found))
    assert len(found) <= 2 * about + 3
    if whole:
        assert all(value == int(value) for value in found)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_labels_are_spread_apart_in_their_order_and_stay_inside(wanted):
    found = spread(wanted, apart=20, low=0, high=300)

    assert max(found) <= 300 + 1e-9
    assert min(found) >= -1e-9
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert all(found[b] - found[a] >= 20 - 1e-6 for a, b in pairwise(order))


@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS)
def test_a_scale_takes_its_ends_to_its_ends(low, high, start, end):
    at = scale(low, high, start, end)

    assert at(low) == start
    if abs(high - low) > 1e-6:
        assert at(high) == pytest.approx(end, abs=1e-9 * max(start, 1))  # a sum is as exact as its larger part


@given(LENGTHS)
def test_lengths_are_written_with_two_decimals(value):
    assert float(number(value)) == pytest.approx(value, abs=0.0051)
    assert "e" not in number(value)
