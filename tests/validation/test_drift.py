from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from course_lib.validation.drift import (
    binned,
    chi_square,
    edges,
    expected_psi,
    jensen_shannon,
    ks,
    l_infinity,
    psi,
    psi_limit,
)

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)
PAIRS = st.integers(2, 8).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 200), min_size=k, max_size=k).filter(any).map(np.array)] * 2)
)


@given(NUMBERS, NUMBERS, st.integers(2, 12))
def test_every_value_lies_in_one_bin_and_nan_in_none(reference: np.ndarray, current: np.ndarray, bins: int):
    inner = edges(reference, bins)

    assert len(inner) <= bins - 1
    assert (np.diff(inner) > 0).all()
    assert binned(current, inner).sum() == len(current)
    assert binned(np.append(current, np.nan), inner).tolist() == binned(current, inner).tolist()
    assert (binned(reference, inner) > 0).all()  # each bin is made of values of the reference


def test_quantile_edges_cut_distinct_values_evenly():
    values = np.arange(1000.0)

    assert binned(values, edges(values, 10)).tolist() == [100] * 10


def test_values_that_repeat_make_fewer_bins():
    assert len(edges(np.array([0.0] * 90 + [1.0] * 10), 10)) == 1


@given(PAIRS)
def test_distances_of_a_sample_to_itself_are_nothing_and_to_another_are_symmetric(pair):
    one, other = pair
    for distance in (psi, l_infinity, jensen_shannon):
        assert distance(one, one) == pytest.approx(0, abs=1e-12)
        assert distance(one, other) == pytest.approx(distance(other, one))
        assert distance(one, other) >= 0


@given(PAIRS)
def test_jensen_shannon_is_the_square_of_the_distance_of_scipy(pair):
    one, other = pair

    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2) ** 2, abs=1e-9)
    assert jensen_shannon(one, other) <= 1 + 1e-12


def test_samples_without_a_common_bin_are_one_apart():
    assert jensen_shannon(np.array([3, 0]), np.array([0, 9])) == l_infinity(np.array([3, 0]), np.array([0, 9])) == 1.0


@given(PAIRS)
def test_psi_with_a_prior_is_finite_and_by_hand(pair):
    one, other = pair
    p, q = (one + 0.5) / (one + 0.5).sum(), (other + 0.5) / (other + 0.5).sum()

    assert psi(one, other) == pytest.approx(sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True)))


def test_without_a_prior_an_empty_bin_is_infinitely_far():
    assert psi(np.array([5, 0]), np.array([5, 5]), prior=0) == math.inf
    assert psi(np.array([5, 0, 5]), np.array([5, 0, 5]), prior=0) == 0.0


def test_the_cost_of_an_empty_bin_shrinks_with_the_samples():
    costs = [psi(np.array([n, 0]), np.array([n, 0.001 * n])) for n in (1e3, 1e4, 1e6)]

    assert costs[0] < 0.02
    assert all(math.isfinite(cost) for cost in costs)


@pytest.mark.parametrize(("bins", "n", "m"), [(10, 2_000, 2_000), (5, 500, 4_000), (20, 50_000, 3_000)])
def test_psi_under_no_drift_has_the_mean_and_the_quantile_of_theory(bins: int, n: int, m: int):
    rng = np.random.default_rng(5)
    share = np.full(bins, 1 / bins)
    found = np.array([psi(rng.multinomial(n, share), rng.multinomial(m, share)) for _ in range(1_000)])

    assert found.mean() == pytest.approx(expected_psi(bins, n, m), rel=0.05)
    assert (found > psi_limit(bins, n, m, p=0.05)).mean() == pytest.approx(0.05, abs=0.02)


def test_bins_of_the_reference_itself_change_nothing_about_that():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(1_000):
        reference, current = rng.lognormal(size=1_000), rng.lognormal(size=500)
        inner = edges(reference, 10)
        found.append(psi(binned(reference, inner), binned(current, inner)))

    assert np.mean(found) == pytest.approx(expected_psi(10, 1_000, 500), rel=0.06)


def test_chi_square_is_that_of_scipy_on_counts_and_leaves_out_what_is_empty():
    one, other = np.array([30, 50, 0, 20]), np.array([20, 60, 0, 20])
    found = chi_square(one, other)
    told = stats.chi2_contingency([[30, 50, 20], [20, 60, 20]], correction=False)

    assert (found.statistic, found.p) == pytest.approx((told.statistic, told.pvalue))
    assert chi_square(np.array([5, 0]), np.array([9, 0])).p == 1.0


def test_chi_square_refuses_shares():
    with pytest.raises(ValueError, match="counts"):
        chi_square(np.array([0.3, 0.7]), np.array([0.4, 0.6]))


def test_ks_is_that_of_scipy():
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=300), rng.normal(0.6, size=200)

    assert ks(one, other).statistic == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert ks(one, other).p < 0.01 < ks(one, one).p


@pytest.mark.parametrize("distance", [psi, l_infinity, jensen_shannon])
@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        pytest.param([1, 2], [1, 2, 3], "same|edges", id="other bins"),
        pytest.param([0, 0], [1, 2], "nothing to compare", id="no values"),
        pytest.param([-1, 2], [1, 2], "0 or more", id="below zero"),
    ],
)
def test_what_cannot_be_compared_is_refused(distance, one, other, said):
    with pytest.raises(ValueError, match=said):
        distance(np.array(one), np.array(other))


def test_nothing_cannot_be_cut():
    with pytest.raises(ValueError, match="no values"):
        edges(np.array([np.nan]), 10)
    with pytest.raises(ValueError, match="at least 2"):
        edges(np.array([1.0]), 1)
