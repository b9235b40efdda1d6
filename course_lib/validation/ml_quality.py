"""What makes clean data bad for a model?

A table can be complete, consistent and fresh, and a model trained on it worthless: because one class is nearly absent,
because the rows it is tested on were trained on, or because a feature knew what had not happened yet. Like all metrics,
these are pairs of counts that add up, good of total, but for the balance, which is made of counts.
"""

from __future__ import annotations

import numpy as np

from course_lib.validation.information import evenness
from course_lib.validation.metrics import Share


def balance(labels: np.ndarray, classes: np.ndarray) -> float:
    """How evenly `labels` (n,) fall on `classes` (k,): 1 is even, 0 is one class; a class without rows counts.

    >>> balance(np.array(["late", "late", "on time", "on time"]), np.array(["late", "on time"]))
    1.0
    """
    counts = np.array([np.count_nonzero(labels == name) for name in classes])
    if counts.sum() != len(labels):
        raise ValueError(f"{len(labels) - counts.sum()} labels are of none of the {len(classes)} classes")
    return evenness(counts)


def in_time(known_at: np.ndarray, predicted_at: np.ndarray) -> Share:
    """Feature values that were known when the prediction was made: `known_at` <= `predicted_at`, (n,) each.

    Times are datetime64 or numbers. A value whose time is not known (NaT, NaN) has no alibi and counts as too late.
    """
    if known_at.shape != predicted_at.shape:
        raise ValueError(f"{known_at.shape} times of values, {predicted_at.shape} of predictions: one each is needed")
    return Share(int(np.count_nonzero(known_at <= predicted_at)), len(known_at))


def unseen(train: np.ndarray, test: np.ndarray) -> Share:
    """Test rows that the model was not trained on, by their keys (m,): the others are remembered, not predicted."""
    return Share(int(np.count_nonzero(~np.isin(test, train))), len(test))


def known_values(train: np.ndarray, serve: np.ndarray) -> Share:
    """Values at serving time (m,) that occur in training: an encoder has never seen the others."""
    return Share(int(np.count_nonzero(np.isin(serve, train))), len(serve))
