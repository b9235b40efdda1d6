"""What does a model have to beat?

Two guesses that need no model: the mean of the trips so far, and the mean of the trips so far from this zone at this
hour of the day. Both know the training part and nothing else. Sums are integers, so the guesses do not depend on order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HOURS = 24


class ZoneHourMeans(NamedTuple):
    """The mean seconds per pickup zone and hour of the day, and of all trips."""

    key: Ints  # zone * 24 + hour, ascending
    seconds: Floats  # per key
    everywhere: float  # for a zone and hour without a trip


def mean(seconds: Ints) -> float:
    """The mean of whole seconds.

    >>> mean(np.array([60, 120]))
    90.0
    """
    return int(seconds.sum()) / len(seconds)


def zone_hour_means(zone: Ints, hour: Ints, seconds: Ints) -> ZoneHourMeans:
    """The means of the trips given: columns of n rows, n at least 1."""
    key, place = np.unique(zone * HOURS + hour, return_inverse=True)
    totals = np.zeros(len(key), np.int64)
    np.add.at(totals, place, seconds)
    return ZoneHourMeans(key, totals / np.bincount(place, minlength=len(key)), mean(seconds))


def guess(means: ZoneHourMeans, zone: Ints, hour: Ints) -> Floats:
    """For each trip the mean of its zone and hour, and where that has none the mean of all.

    >>> means = zone_hour_means(np.array([7, 7]), np.array([8, 9]), np.array([60, 120]))
    >>> guess(means, np.array([7, 7, 8]), np.array([8, 9, 8])).tolist()
    [60.0, 120.0, 90.0]
    """
    key = zone * HOURS + hour
    place = np.minimum(np.searchsorted(means.key, key), len(means.key) - 1)
    return np.where(means.key[place] == key, means.seconds[place], means.everywhere)
