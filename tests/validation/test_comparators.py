from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.comparators import Comparator, anomalies, compare
from course_lib.validation.profile import profile

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=40)


def of(values):
    return profile(pa.table({"x": values}))


@given(WORDS, WORDS)
def test_the_largest_change_of_a_share_is_found_with_its_value(before: list[str], after: list[str]):
    (found,) = compare(of(before), of(after), (Comparator("x", 0.1),))
    moves = {word: after.count(word) / len(after) - before.count(word) / len(before) for word in {*before, *after}}

    assert found.distance == pytest.approx(max(map(abs, moves.values())))
    assert abs(moves[found.moved]) == pytest.approx(found.distance)
    assert found.after - found.before == pytest.approx(moves[found.moved])


def test_a_threshold_is_what_is_still_tolerated():
    before, after = of(["a", "a", "b", "b"]), of(["a", "a", "a", "b"])

    (at,) = compare(before, after, (Comparator("x", 0.25),))
    (over,) = compare(before, after, (Comparator("x", 0.2),))
    assert (at.within, over.within) == (True, False)
    assert anomalies([at], "skew") == []
    assert anomalies([over], "skew")[0].long == (
        "l-infinity is 0.2500 over a threshold of 0.2; 'a' went from 50.00% to 75.00%"
    )


def test_jensen_shannon_may_be_chosen():
    (found,) = compare(of(["a"]), of(["b"]), (Comparator("x", 0.5, "jensen_shannon"),))

    assert found.distance == 1.0


def test_a_side_without_values_is_an_anomaly_and_not_a_zero():
    (found,) = compare(of(["a"]), of(pa.nulls(3, pa.string())), (Comparator("x", 0.5),))

    assert (found.distance, found.within) == (None, None)
    assert anomalies([found], "drift")[0].short == "No drift known"


def test_a_column_that_only_one_side_has_cannot_be_compared():
    one = profile(pa.table({"x": ["a"], "y": ["a"]}))

    assert compare(one, of(["a"]), (Comparator("y", 0.5),))[0].within is None
    with pytest.raises(KeyError, match="neither side"):
        compare(one, one, (Comparator("z", 0.5),))


def test_values_of_different_kinds_are_compared_by_their_kind():
    (found,) = compare(of([1, 2]), of(["1", "2"]), (Comparator("x", 0.1),))

    assert found.distance == 0.5
