"""Which trips share service, times, zones and distance, and which of them were refunded?

The TLC publishes a refund as a second row with the same trip and a negative fare. Null equals null here: two
trips with the same unknown zone are alike. Rows with the same trip_id are versions of one trip, not twins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.trips.columns import Columns

FIELDS = ("pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")


class Twins(NamedTuple):
    """Three masks over the rows asked about, (n,) bool each."""

    shared: np.ndarray  # another trip_id has the same service, times, zones and distance
    refund: np.ndarray  # negative fare, and one of those has a positive one
    refunded: np.ndarray  # positive fare, and one of those has a negative one


def twins(rows: Columns) -> Twins:
    """The twins among `rows` (n rows: trip_id, service, FIELDS, fare_cents; pickup_at not null).

    All rows of a group must be among them; rows that have no twin may be there too.
    """
    n = rows.rows
    if n == 0:
        none = np.zeros(0, bool)
        return Twins(none, none, none)
    keys = [rows.values("service").astype(np.int64)]
    for name in FIELDS:
        keys += [rows.filled(name, 0).astype(np.int64), rows.null(name).astype(np.int64)]
    order = np.lexsort(keys)
    new = np.zeros(n, bool)
    new[0] = True
    for key in keys:
        ordered = key[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    group = np.empty(n, np.int64)
    group[order] = np.cumsum(new) - 1

    _, who = np.unique(rows.filled("trip_id", 0), return_inverse=True)
    who[rows.null("trip_id")] = -1  # a trip of its own; 0 may be somebody's id
    fare = rows.filled("fare_cents", 0)
    return Twins(
        shared=_meets(who, group, np.ones(n, bool)),
        refund=(fare < 0) & _meets(who, group, fare > 0),
        refunded=(fare > 0) & _meets(who, group, fare < 0),
    )


def _meets(who: np.ndarray, group: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether one of `others` (n,) bool is in the same group as a row, and another trip (n,) bool."""
    groups = int(group.max()) + 1
    low = np.full(groups, len(who))
    high = np.full(groups, -2)
    np.minimum.at(low, group[others], who[others])
    np.maximum.at(high, group[others], who[others])
    low, high = low[group], high[group]
    return (low <= high) & ((low != who) | (high != who))
