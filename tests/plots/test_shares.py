import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.plots.shares import lengths, top

ROWS = st.integers(0, 10**15)


@given(st.dictionaries(st.text(max_size=4), ROWS), st.integers(1, 9))
def test_the_top_counts_lose_nothing(counts, most):
    ranked = top(counts, most)

    assert len(ranked) <= most
    assert sum(n for _, n in ranked) == sum(counts.values())


@given(st.lists(ROWS, min_size=1, max_size=20).filter(any), st.floats(50, 500), st.floats(0.1, 5))
def test_lengths_fill_the_room_and_none_is_too_thin(rows, whole, least):
    found = lengths(rows, whole, least)

    assert sum(found) == pytest.approx(whole)
    assert min(found) >= min(least, whole / len(rows)) - 1e-9
    for one, other in zip(rows, found, strict=True):
        assert all(b >= other - 1e-9 for a, b in zip(rows, found, strict=True) if a >= one)


def test_lengths_that_need_no_help_are_in_proportion():
    assert lengths([5, 3, 2], 100, 1) == pytest.approx([50, 30, 20])


def test_lengths_of_nothing_share_the_room():
    assert lengths([0, 0], 100, 60) == lengths([0, 0], 100, 1) == [50, 50]
