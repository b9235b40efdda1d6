"""How much does a column tell, and how much does it tell about another one?

Everything is computed from counts, in bits. What comes out is the plug-in estimate: shares stand for probabilities. It
is biased, and in a known direction: a sample looks more orderly than its source (entropy comes out too small) and two
columns that have nothing to do with each other look related (mutual information comes out too large).

Sources: Shannon, "A mathematical theory of communication" (1948); the biases to first order are those of Miller,
"Note on the bias of information estimates" (1955).
"""

from __future__ import annotations

import math

import numpy as np


def entropy(counts: np.ndarray) -> float:
    """The entropy in bits of a column whose values occur `counts` times (k,); 0 for a column with one value.

    >>> entropy(np.array([5, 5, 5, 5]))  # two yes-or-no questions find the value
    2.0
    >>> entropy(np.array([20, 0]))
    0.0
    """
    shares = _shares(counts)
    return abs(float(-(shares * np.log2(shares)).sum()))  # abs: -0.0 is 0.0


def evenness(counts: np.ndarray) -> float:
    """The entropy as a part of the largest possible, log2 k, for counts (k,): 1 is even, 0 is one value.

    Of a label, its balance: a rare class counts, and so does one that should be there and is not (a count of 0).

    >>> evenness(np.array([50, 50])), round(evenness(np.array([99, 1])), 3)
    (1.0, 0.081)
    """
    if len(counts) < 2:
        raise ValueError(f"{len(counts)} possible values: evenness compares at least two")
    return entropy(counts) / math.log2(len(counts))


def mutual_information(table: np.ndarray) -> float:
    """What two columns tell about each other, in bits, from their contingency `table` (a, b) of counts.

    0 when the rows of the table are proportional; the entropy of one column when the other determines it.

    >>> mutual_information(np.array([[10, 0], [0, 10]]))
    1.0
    """
    counts = np.asarray(table, float)
    if counts.ndim != 2:
        raise ValueError(f"a contingency table has two dimensions, this one has {counts.ndim}")
    joint = entropy(counts.ravel())
    return max(entropy(counts.sum(1)) + entropy(counts.sum(0)) - joint, 0.0)


def entropy_bias(values: int, rows: int) -> float:
    """By how many bits the entropy of n `rows` comes out too small, if k `values` occur: (k - 1) / (2 n ln 2)."""
    return (values - 1) / (2 * rows * math.log(2))


def mutual_information_bias(shape: tuple[int, int], rows: int) -> float:
    """What `mutual_information` shows of two independent columns: (a - 1)(b - 1) / (2 n ln 2) bits.

    It is the mean of a chi-square of (a - 1)(b - 1) degrees of freedom over 2 n ln 2.

    >>> round(mutual_information_bias((24, 7), rows=1000), 4)  # hour of the day and weekday
    0.0995
    """
    a, b = shape
    return (a - 1) * (b - 1) / (2 * rows * math.log(2))


def contingency(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How often each value of `left` (n,) meets each value of `right` (n,): counts (a, b), values in sorted order."""
    if len(left) != len(right):
        raise ValueError(f"{len(left)} values beside {len(right)}: they have to be of the same rows")
    a, row = np.unique(left, return_inverse=True)
    b, column = np.unique(right, return_inverse=True)
    return np.bincount(row * len(b) + column, minlength=len(a) * len(b)).reshape(len(a), len(b))


def _shares(counts: np.ndarray) -> np.ndarray:
    """The shares of what occurs; what does not occur adds nothing (p log p goes to 0 with p)."""
    found = np.asarray(counts, float).ravel()
    if (found < 0).any() or not np.isfinite(found).all() or not found.sum():
        raise ValueError("counts are 0 or more, finite, and at least one is not 0")
    return found[found > 0] / found.sum()
