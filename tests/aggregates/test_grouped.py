"""A grouped sum is the same whole, in pieces, in any order; and it is exact."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.aggregates.grouped import Grouped, merge_all

QUICK = settings(max_examples=30)


class Row(NamedTuple):
    key: int
    cents: int
    metres: int


INT32 = st.integers(-(2**31), 2**31 - 1)
KEYS = st.one_of(st.integers(-3, 3), st.integers(-(2**62), 2**62))
ROWS = st.lists(st.builds(Row, KEYS, st.one_of(st.integers(-5, 5), st.integers(-(2**55), 2**55)), INT32), max_size=15)


def state(rows: Sequence[Row]) -> Grouped:
    column = {name: np.array([getattr(row, name) for row in rows], np.int64) for name in Row._fields}
    sums = {"trips": np.ones(len(rows), np.int64), "cents": column["cents"]}
    return Grouped.of(column["key"], sums=sums, maxima={"far": column["metres"].astype(np.int32)})


def slow(rows: Sequence[Row]) -> dict[str, list[int]]:
    """The same with a dict."""
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.key].append(row)
    return {
        "key": sorted(groups),
        "trips": [len(groups[key]) for key in sorted(groups)],
        "cents": [sum(row.cents for row in groups[key]) for key in sorted(groups)],
        "far": [max(row.metres for row in groups[key]) for key in sorted(groups)],
    }


def told(found: Grouped) -> dict[str, list[int]]:
    assert {array.dtype for array in found.finish().values()} == {np.dtype(np.int64)}
    return {name: array.tolist() for name, array in found.finish().items()}


EMPTY = Grouped.empty(["trips", "cents"], ["far"])


@QUICK
@given(ROWS)
def test_a_state_says_what_a_dict_says(rows: list[Row]):
    assert told(state(rows)) == slow(rows)


@QUICK
@given(ROWS, ROWS, ROWS)
def test_merge_is_associative(a: list[Row], b: list[Row], c: list[Row]):
    left = state(a).merge(state(b)).merge(state(c))
    right = state(a).merge(state(b).merge(state(c)))

    assert told(left) == told(right) == told(merge_all([state(a), state(b), state(c)]))


@QUICK
@given(ROWS, ROWS)
def test_merge_is_commutative(a: list[Row], b: list[Row]):
    assert told(state(a).merge(state(b))) == told(state(b).merge(state(a)))


@QUICK
@given(ROWS)
def test_the_empty_state_is_the_identity(rows: list[Row]):
    assert told(EMPTY.merge(state(rows))) == told(state(rows).merge(EMPTY)) == told(state(rows))
    assert told(state([])) == told(EMPTY)


@QUICK
@given(ROWS, st.lists(st.integers(0, 15), max_size=4), st.randoms(use_true_random=False))
def test_any_split_in_any_order_is_the_whole(rows: list[Row], cuts: list[int], order: random.Random):
    shuffled = order.sample(rows, len(rows))
    ends = [0, *sorted(cuts), len(rows)]
    parts = [state(shuffled[a:b]) for a, b in itertools.pairwise(ends)]

    assert told(merge_all(parts)) == told(state(rows))


@QUICK
@given(ROWS, ROWS)
def test_updating_a_state_is_merging_the_state_of_the_rows(before: list[Row], after: list[Row]):
    column = {name: np.array([getattr(row, name) for row in after], np.int64) for name in Row._fields}
    sums = {"trips": np.ones(len(after), np.int64), "cents": column["cents"]}

    assert told(state(before).update(column["key"], sums, {"far": column["metres"]})) == slow([*before, *after])


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([2**53, 1, 1], id="the third number is lost in float64"),
        pytest.param([2**53 - 1, 2**53 - 1, 1, 1, 1], id="each number fits, their sum does not"),
        pytest.param([-(2**53), -1, -1], id="below zero"),
        pytest.param([2**62, 2**62 - 1], id="up to the last int64"),
        pytest.param([-(2**63)], id="the first int64"),
    ],
)
def test_sums_are_exact_beyond_the_integers_of_a_float(values: list[int]):
    found = Grouped.of(np.zeros(len(values), np.int64), {"sum": np.array(values)}, {})

    assert found.sums["sum"].tolist() == [sum(values)]


def test_a_million_squares_of_seconds_are_exact():
    seconds = np.full(1_400_000, 82_799, np.int64)  # their squares add up to over 2**53

    found = Grouped.of(seconds % 2, {"sum": seconds * seconds}, {})

    assert found.sums["sum"].tolist() == [1_400_000 * 82_799**2]


def test_the_largest_of_negative_numbers_is_negative():
    found = Grouped.of(np.array([1, 1, 9]), {}, {"far": np.array([-5, -3, -(2**63)])})

    assert found.maxima["far"].tolist() == [-3, -(2**63)]


@QUICK
@given(ROWS)
def test_keys_far_apart_are_grouped_like_keys_that_are_neighbours(rows: list[Row]):
    near = [row._replace(key=row.key % 97) for row in rows]  # a slot for each key
    far = [row._replace(key=row.key * 2**50) for row in near]  # too many slots: sorted instead

    assert told(state(far)) == slow(far)
    assert told(state(far)) == told(state(near)) | {"key": [key * 2**50 for key in slow(near)["key"]]}


def test_states_of_other_columns_do_not_merge():
    other = Grouped.of(np.array([1]), {"trips": np.array([1])}, {"near": np.array([1])})

    with pytest.raises(ValueError, match="cannot merge"):
        state([Row(1, 1, 1)]).merge(other)
