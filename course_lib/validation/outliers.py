"""Which values lie far from the others, and how far is far?

Each rule gives a score (n,) and the mark beyond which a value is out. A null (NaN) has no score and is never out: that
a value is missing is completeness' business. What differs is what a rule believes about the data:

    z_scores      mean and standard deviation; both are moved by the very values they should find
    mad_scores    median and median absolute deviation; half of the data may be wrong before they move
    iqr_fences    quartiles; no belief about the tails, so it marks a fixed part of any heavy-tailed column
    mahalanobis   several columns at once; finds a row whose every value is ordinary and whose combination is not

Sources: Tukey, "Exploratory data analysis" (1977) for the fences; Iglewicz and Hoaglin, "How to detect and handle
outliers" (1993) for the MAD; the squared distance of Mahalanobis of normal rows is chi-square with d degrees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# 1 / the 0.75 quantile of the standard normal: makes the MAD of a normal sample its standard deviation.
MAD_TO_SIGMA = 1.482602218505602


class Fences(NamedTuple):
    """What lies in [low, high] is in."""

    low: float
    high: float

    def outside(self, values: np.ndarray) -> np.ndarray:
        """Where `values` (n,) lie outside; NaN does not."""
        return (values < self.low) | (values > self.high)


def z_scores(values: np.ndarray) -> np.ndarray:
    """How many standard deviations each of `values` (n,) lies from the mean; 0 in a column that does not vary.

    No score of n values can exceed (n - 1) / sqrt(n): below eleven values nothing is ever beyond three sigma.
    """
    known = np.asarray(values, float)
    there = int(np.count_nonzero(~np.isnan(known)))
    if not there:
        return np.full(known.shape, np.nan)
    centre = float(np.nanmean(known))
    return _scaled(known, centre, float(np.sqrt(np.nansum((known - centre) ** 2) / max(there - 1, 1))))


def mad_scores(values: np.ndarray) -> np.ndarray:
    """The robust z-score of each of `values` (n,): distance from the median over 1.4826 MAD.

    Where more than half of the values are equal, the MAD is 0 and every other value is infinitely far.
    """
    known = np.asarray(values, float)
    if np.isnan(known).all():
        return np.full(known.shape, np.nan)
    centre = float(np.nanmedian(known))
    return _scaled(known, centre, MAD_TO_SIGMA * float(np.nanmedian(np.abs(known - centre))))


def iqr_fences(values: np.ndarray, reach: float = 1.5) -> Fences:
    """Tukey's fences: `reach` times the distance of the quartiles below the first and above the third."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if not len(known):
        raise ValueError("there are no values to fence in")
    first, third = (float(quartile) for quartile in np.quantile(known, (0.25, 0.75)))
    return Fences(first - reach * (third - first), third + reach * (third - first))


class Shape(NamedTuple):
    """Where a cloud of rows lies and how it is stretched: mean (d,) and the inverse of its covariance (d, d)."""

    mean: np.ndarray
    precision: np.ndarray


def shape(rows: np.ndarray) -> Shape:
    """Mean and precision of `rows` (n, d), rows with a NaN left out.

    Raises ValueError where the covariance has no inverse: a column that does not vary, or is a sum of others.
    """
    whole = _matrix(rows)
    whole = whole[~np.isnan(whole).any(1)]
    n, d = whole.shape
    if n <= d:
        raise ValueError(f"{n} whole rows of {d} columns: the covariance needs at least {d + 1}")
    covariance = np.atleast_2d(np.cov(whole, rowvar=False))
    spread = np.sqrt(np.diag(covariance))
    if (spread == 0).any() or np.linalg.matrix_rank(covariance / np.outer(spread, spread), tol=1e-9) < d:
        raise ValueError("a column does not vary, or follows from the others: leave it out")
    return Shape(whole.mean(0), np.linalg.inv(covariance))


def squared_distances(rows: np.ndarray, of: Shape) -> np.ndarray:
    """The squared Mahalanobis distance of each of `rows` (n, d) from the middle of `of`; NaN for a row with a NaN."""
    apart = _matrix(rows) - of.mean
    return np.einsum("ni,ij,nj->n", apart, of.precision, apart)


def cutoff(columns: int, p: float) -> float:
    """The squared distance that a share `p` of normal rows exceeds: the chi-square quantile of `columns` degrees.

    >>> round(cutoff(columns=2, p=0.01), 3)  # -2 ln p in two dimensions
    9.21
    """
    from scipy import stats

    return float(stats.chi2.isf(p, columns))


def mahalanobis(rows: np.ndarray, p: float = 0.001) -> np.ndarray:
    """Which of `rows` (n, d) lie farther out than all but a share `p` of normal rows would; (n,) bool."""
    return squared_distances(rows, shape(rows)) > cutoff(_matrix(rows).shape[1], p)


def _matrix(rows: np.ndarray) -> np.ndarray:
    found = np.asarray(rows, float)
    if found.ndim != 2:
        raise ValueError(f"rows and columns are asked for, this has {found.ndim} dimensions")
    return found


def _scaled(values: np.ndarray, centre: float, spread: float) -> np.ndarray:
    apart = values - centre
    if spread == 0:
        # 0/0 is no distance; anything beside a point is infinitely far from it.
        return np.where(np.isnan(apart), np.nan, np.where(apart == 0, 0.0, np.copysign(np.inf, apart)))
    return apart / spread
