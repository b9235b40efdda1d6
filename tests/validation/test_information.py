from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.information import (
    contingency,
    entropy,
    entropy_bias,
    evenness,
    mutual_information,
    mutual_information_bias,
)

COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any).map(np.array)
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 50), min_size=width, max_size=width), min_size=1, max_size=5)
).map(np.array).filter(np.any)  # fmt: skip


def by_hand(table: np.ndarray) -> float:
    """The sum over all cells of p(x, y) log2 of p(x, y) / (p(x) p(y))."""
    p = table / table.sum()
    x, y = p.sum(1), p.sum(0)
    return sum(p[i, j] * math.log2(p[i, j] / (x[i] * y[j])) for i in range(len(x)) for j in range(len(y)) if p[i, j])


@given(COUNTS)
def test_entropy_lies_between_nothing_and_the_number_of_values(counts: np.ndarray):
    assert 0 <= entropy(counts) <= math.log2(np.count_nonzero(counts)) + 1e-12


@given(st.integers(1, 1000))
def test_even_counts_have_the_largest_entropy(k: int):
    assert entropy(np.full(k, 3)) == pytest.approx(math.log2(k))


@given(TABLES)
def test_mutual_information_is_the_sum_over_all_cells(table: np.ndarray):
    assert mutual_information(table) == pytest.approx(by_hand(table), abs=1e-9)
    assert mutual_information(table) == pytest.approx(mutual_information(table.T), abs=1e-9)


@given(COUNTS, COUNTS)
def test_columns_that_have_nothing_to_do_with_each_other_tell_nothing(left: np.ndarray, right: np.ndarray):
    assert mutual_information(np.outer(left, right)) == pytest.approx(0, abs=1e-9)


def test_a_column_tells_all_about_itself():
    column = np.array(["a", "b", "b", "c", "c", "c"])

    assert mutual_information(contingency(column, column)) == pytest.approx(entropy(np.array([1, 2, 3])))


def test_the_biases_are_those_of_samples():
    rng = np.random.default_rng(1)
    k, a, b, n, runs = 4, 3, 4, 500, 800

    lost = np.mean([math.log2(k) - entropy(np.bincount(rng.integers(0, k, n), minlength=k)) for _ in range(runs)])
    won = np.mean([mutual_information(contingency(rng.integers(0, a, n), rng.integers(0, b, n))) for _ in range(runs)])
    assert lost == pytest.approx(entropy_bias(k, n), rel=0.15)
    assert won == pytest.approx(mutual_information_bias((a, b), n), rel=0.15)


def test_a_contingency_table_counts_pairs_in_sorted_order():
    found = contingency(np.array(["b", "a", "b"]), np.array([9, 9, 3]))

    assert found.tolist() == [[0, 1], [1, 1]]


def test_evenness_sees_a_class_that_is_missing():
    assert evenness(np.array([5, 5, 0])) == pytest.approx(math.log(2) / math.log(3))
    with pytest.raises(ValueError, match="at least two"):
        evenness(np.array([5]))


@pytest.mark.parametrize("counts", [[], [0, 0], [-1, 3], [np.nan, 1], [np.inf]])
def test_what_are_no_counts_is_refused(counts: list[float]):
    with pytest.raises(ValueError, match="counts"):
        entropy(np.array(counts))


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        contingency(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="two dimensions"):
        mutual_information(np.array([1, 2]))
