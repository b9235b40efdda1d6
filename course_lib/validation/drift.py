"""Are two samples of a column from the same source?

All but `ks` compare counts in the same k bins: `reference` and `current` (k,), of n and m values. Cut numbers into bins
with `edges` and `binned`, which are made of the reference alone, and categories by listing them.

    ks, chi_square     a statistic and its p: could chance alone do this? Any difference shows if n is large enough
    psi                how large is the difference? Has an expected value under no drift, which is not 0
    l_infinity         the largest change of one bin's share
    jensen_shannon     how many bits one value tells about which sample it is from, 0 to 1; empty bins do no harm

Sources: chi-square and Kolmogorov-Smirnov by scipy.stats; PSI under no drift is (1/n + 1/m) times a chi-square of k - 1
degrees of freedom (Yurdakul, "Statistical properties of population stability index", 2018); L-infinity and
Jensen-Shannon are the comparators of TensorFlow Data Validation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

HALF = 0.5  # a count: the prior of Jeffreys, which keeps the logarithm of an empty bin finite


class Significance(NamedTuple):
    """A statistic, and how often chance alone exceeds it if nothing has changed."""

    statistic: float
    p: float


def edges(reference: np.ndarray, bins: int) -> np.ndarray:
    """The inner edges (at most bins - 1, ascending) that cut `reference` (n,) into bins of about equal counts.

    Values that repeat may make edges fall together; they count once, so there may be fewer bins than asked for.
    """
    if bins < 2:
        raise ValueError(f"{bins} bins tell nothing: ask for at least 2")
    known = np.asarray(reference, float)
    known = known[np.isfinite(known)]
    if not len(known):
        raise ValueError("the reference has no values to cut")
    # Edges are values of the reference, so that every bin holds one of them.
    inner = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="higher"))
    return inner[inner > known.min()]  # nothing of the reference lies below its least value


def binned(values: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """How many of `values` lie in each of the len(inner) + 1 bins; the outer bins are open, NaN lies in none.

    A value on an edge belongs to the bin above it.

    >>> binned(np.array([-9.0, 1.0, 1.5, 2.0, 99.0]), np.array([1.0, 2.0])).tolist()
    [1, 2, 2]
    """
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    return np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)


def ks(reference: np.ndarray, current: np.ndarray) -> Significance:
    """The largest distance of the two empirical distribution functions; of values, not of counts."""
    from scipy import stats

    found = stats.ks_2samp(reference, current, method="asymp")
    return Significance(float(found.statistic), float(found.pvalue))


def chi_square(reference: np.ndarray, current: np.ndarray) -> Significance:
    """Pearson's test of homogeneity on **counts** (k,); bins that are empty in both samples tell nothing.

    On shares it would be the same test on a sample of one row: it is asked for whole counts, and refuses others.
    """
    from scipy import stats

    table = np.stack([_counts(reference), _counts(current)])
    if (table != np.rint(table)).any():
        raise ValueError("chi-square is a test on counts, and these are not whole: do not divide by the number of rows")
    table = table[:, table.sum(0) > 0]
    if table.shape[1] < 2:
        return Significance(0.0, 1.0)
    found = stats.chi2_contingency(table, correction=False)
    return Significance(float(found.statistic), float(found.pvalue))


def psi(reference: np.ndarray, current: np.ndarray, prior: float = HALF) -> float:
    """The population stability index of counts (k,): the sum of (q - p) ln(q / p) over the bins.

    `prior` is added to every count of both samples, so that an empty bin costs a finite amount that shrinks with the
    size of the samples; with prior 0 an empty bin is infinitely far.

    >>> psi(np.array([100, 100]), np.array([100, 100]))
    0.0
    """
    p, q = _shares(reference, prior), _shares(current, prior)
    _same_bins(p, q)
    either = (p > 0) | (q > 0)  # 0 against 0 has not moved
    p, q = p[either], q[either]
    with np.errstate(divide="ignore"):
        return float(((q - p) * (np.log(q) - np.log(p))).sum())


def expected_psi(bins: int, n: int, m: int) -> float:
    """The mean of psi if nothing has drifted: (k - 1)(1/n + 1/m), for k bins none of which is nearly empty.

    >>> round(expected_psi(bins=10, n=1000, m=1000), 4)
    0.018
    """
    return (bins - 1) * (1 / n + 1 / m)


def psi_limit(bins: int, n: int, m: int, p: float = 0.01) -> float:
    """What psi exceeds in a share `p` of comparisons if nothing has drifted.

    A quantile of (1/n + 1/m) times a chi-square of k - 1 degrees of freedom.
    """
    from scipy import stats

    return float(stats.chi2.isf(p, bins - 1) * (1 / n + 1 / m))


def l_infinity(reference: np.ndarray, current: np.ndarray) -> float:
    """The largest change of one bin's share, in [0, 1]."""
    p, q = _shares(reference), _shares(current)
    _same_bins(p, q)
    return float(np.abs(p - q).max())


def jensen_shannon(reference: np.ndarray, current: np.ndarray) -> float:
    """The divergence of Jensen and Shannon in bits, in [0, 1]: 0 for equal shares, 1 for no common bin.

    The square of scipy.spatial.distance.jensenshannon(base=2), which is the distance.
    """
    p, q = _shares(reference), _shares(current)
    _same_bins(p, q)
    return max((_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2, 0.0)


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())


def _counts(counts: np.ndarray) -> np.ndarray:
    found = np.asarray(counts, float)
    if found.ndim != 1 or (found < 0).any() or not np.isfinite(found).all():
        raise ValueError("counts are one row of numbers, 0 or more and finite")
    if not found.sum():
        raise ValueError("a sample without values drifts nowhere: there is nothing to compare")
    return found


def _shares(counts: np.ndarray, prior: float = 0.0) -> np.ndarray:
    found = _counts(counts) + prior
    return found / math.fsum(found)


def _same_bins(p: np.ndarray, q: np.ndarray) -> None:
    if len(p) != len(q):
        raise ValueError(f"{len(p)} bins against {len(q)}: cut both samples at the edges of the reference")
