from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import mahalanobis as distance

from course_lib.validation.outliers import (
    MAD_TO_SIGMA,
    cutoff,
    iqr_fences,
    mad_scores,
    mahalanobis,
    shape,
    squared_distances,
    z_scores,
)

NUMBERS = st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=40).map(lambda told: np.array(told, float))
RULES = {"z": z_scores, "mad": mad_scores}


@given(NUMBERS)
def test_no_z_score_exceeds_what_its_number_of_values_allows(values: np.ndarray):
    n = len(values)

    assert np.abs(z_scores(values)).max() <= (n - 1) / math.sqrt(n) + 1e-9


@given(NUMBERS, st.integers(1, 100), st.integers(-1000, 1000))
def test_scores_do_not_depend_on_the_unit(values: np.ndarray, scale: int, shift: int):
    for rule in RULES.values():
        assert rule(values * scale + shift) == pytest.approx(rule(values), abs=1e-6)


def test_the_scores_of_a_normal_sample_are_normal():
    values = np.random.default_rng(3).normal(50, 4, 20_000)

    assert stats.norm.ppf(0.75) * MAD_TO_SIGMA == pytest.approx(1)
    for rule in RULES.values():
        assert (np.abs(rule(values)) > 3).mean() == pytest.approx(2 * stats.norm.sf(3), abs=0.001)
    assert iqr_fences(values).outside(values).mean() == pytest.approx(0.007, abs=0.002)


def test_one_wild_value_hides_from_the_mean_and_not_from_the_median():
    values = np.append(np.arange(9.0), 1e9)  # the mean and the spread go with it

    assert np.abs(z_scores(values)).max() < 3
    assert mad_scores(values)[-1] > 1e6


def test_a_column_that_does_not_vary_has_no_outliers_and_a_mostly_constant_one_has():
    assert z_scores(np.full(5, 7.0)).tolist() == [0.0] * 5
    assert mad_scores(np.array([7.0, 7.0, 7.0, 8.0])).tolist() == [0.0, 0.0, 0.0, math.inf]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_null_has_no_score_and_moves_nobody_elses(rule):
    with_null = rule(np.array([1.0, 2.0, np.nan, 4.0]))

    assert np.isnan(with_null).tolist() == [False, False, True, False]
    assert with_null[[0, 1, 3]] == pytest.approx(rule(np.array([1.0, 2.0, 4.0])))
    assert np.isnan(rule(np.array([np.nan]))).all()


def test_fences_stand_one_and_a_half_quartile_distances_away():
    fences = iqr_fences(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))

    assert fences == (-2.0, 6.0)
    assert fences.outside(np.array([-2.0, -2.1, 6.0, 6.1, np.nan])).tolist() == [False, True, False, True, False]
    with pytest.raises(ValueError, match="no values"):
        iqr_fences(np.array([np.nan]))


@given(st.integers(1, 4), st.integers(0, 100))
def test_distances_are_those_of_scipy(columns: int, seed: int):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(30, columns)) @ rng.normal(size=(columns, columns))
    of = shape(rows)

    assert squared_distances(rows, of) == pytest.approx(
        np.array([distance(row, of.mean, of.precision) ** 2 for row in rows]), rel=1e-6
    )


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_of_normal_rows_the_share_asked_for_lies_beyond_the_cutoff(columns: int):
    rng = np.random.default_rng(columns)
    rows = rng.normal(size=(50_000, columns)) @ rng.normal(size=(columns, columns)) + 100

    for p in (0.1, 0.01):
        assert mahalanobis(rows, p).mean() == pytest.approx(p, rel=0.2)
    assert cutoff(columns, 0.01) == pytest.approx(stats.chi2.ppf(0.99, columns))


def test_a_row_of_ordinary_values_may_be_an_extraordinary_row():
    x = np.random.default_rng(4).normal(size=500)
    rows = np.column_stack([x, x + 0.05 * np.random.default_rng(5).normal(size=500)])
    rows[0] = (1.5, -1.5)

    assert np.abs(z_scores(rows[:, 0]))[0] < 3 > np.abs(z_scores(rows[:, 1]))[0]
    assert mahalanobis(rows)[0]


def test_a_row_with_a_null_is_not_out():
    rows = np.random.default_rng(6).normal(size=(50, 2))
    rows[0, 1] = np.nan

    assert not mahalanobis(rows)[0]
    assert mahalanobis(rows)[1:].tolist() == mahalanobis(rows[1:]).tolist()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(np.column_stack([np.arange(9.0), np.full(9, 2.0)]), "does not vary", id="a constant column"),
        pytest.param(np.column_stack([np.arange(9.0), 2 * np.arange(9.0)]), "follows", id="a column twice"),
        pytest.param(np.ones((2, 2)), "at least 3", id="too few rows"),
        pytest.param(np.ones(4), "dimensions", id="one column as a vector"),
    ],
)
def test_what_has_no_shape_is_refused(rows: np.ndarray, said: str):
    with pytest.raises(ValueError, match=said):
        mahalanobis(rows)
