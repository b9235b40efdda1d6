"""What was known about the city, its zones and its routes, and from when on?

Gold holds integer sums per bucket (an hour or a day of *dropoff*), and such sums are mergeable: those of any stretch of
time are one prefix sum minus another. A bucket is known when it ends, so a value changes at two kinds of moment: when a
bucket ends, and when one leaves a window. These tables hold a row at exactly those moments, `event_timestamp`, and the
newest row at or before a pickup is what was known then, without a time to live.

Every mean is one division of integers, so no value depends on the order of rows, threads or workers.

Units: seconds for durations, trips for counts; means over nothing are null. A shrunk mean of a key with n trips is
(sum + weight * prior) / (n + weight): a key that was seen once says little more than its prior, one that was seen often
speaks for itself. A zone's prior is the city, a route's is its pickup zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from course_lib.features.point_in_time import Ints, as_of, distinct, encode

TIME = pa.timestamp("us")
HOUR = 3_600_000_000  # us
DAY = 24 * HOUR

CITY = 0  # the key of the one city
UNKNOWN = 0  # stands for a null zone in keys; the zones of the TLC begin at 1

ZONE_WEIGHT = 20  # trips: as much as the city's mean says about a zone
ROUTE_WEIGHT = 5  # trips: as much as the zone's mean says about a route
ROUTE_WINDOW = 28  # days: four weeks, so that every weekday counts alike
BLOCK = 1 << 19  # rows of gold worked on at a time

CITY_TABLE = pa.schema(
    [
        pa.field("city", pa.int32(), nullable=False),
        pa.field("event_timestamp", TIME, nullable=False),
        pa.field("city_trips_1h", pa.int64(), nullable=False),
        pa.field("city_mean_1h_s", pa.float64()),
        pa.field("city_mean_24h_s", pa.float64()),
        pa.field("city_mean_s", pa.float64(), nullable=False),
    ]
)
ZONE_TABLE = pa.schema(
    [
        pa.field("pickup_zone", pa.int32(), nullable=False),
        pa.field("event_timestamp", TIME, nullable=False),
        pa.field("zone_trips_1h", pa.int64(), nullable=False),
        pa.field("zone_mean_1h_s", pa.float64()),
        pa.field("zone_trips_24h", pa.int64(), nullable=False),
        pa.field("zone_mean_24h_s", pa.float64()),
        pa.field("zone_mean_s", pa.float64(), nullable=False),  # of everything so far, shrunk to the city's
    ]
)
ROUTE_TABLE = pa.schema(
    [
        pa.field("pickup_zone", pa.int32(), nullable=False),
        pa.field("dropoff_zone", pa.int32(), nullable=False),
        pa.field("event_timestamp", TIME, nullable=False),
        pa.field("route_trips_28d", pa.int64(), nullable=False),
        pa.field("route_mean_28d_s", pa.float64()),  # shrunk to its pickup zone's
        pa.field("route_spread_28d_s", pa.float64()),  # standard deviation; null below two trips
    ]
)


class Sums(NamedTuple):
    """The integer sums of some stretch of time, per row."""

    trips: Ints
    seconds: Ints
    seconds_sq: Ints


class History(NamedTuple):
    """Keys and moments at which something changed, and the sums over the last `window` up to each moment."""

    key: Ints  # ascending
    known_at: Ints  # us since 1970, ascending within a key
    windows: tuple[Sums, ...]  # one per window asked for


def history(key: Ints, bucket: Ints, sums: Sums, width: int, windows: tuple[int | None, ...]) -> History:
    """The sums over each window, at every moment at which one of them changes.

    key, bucket, sums   (n)  a row per key and bucket, in any order; `bucket` is the start in us
    width                    the length of a bucket in us
    windows                  lengths in us, whole multiples of `width`; None: everything so far
    returns             (m)  at most n * (1 + len(windows)) rows, by key and moment

    A window of length w at moment t holds the buckets that ended in (t - w, t].

    >>> one = np.ones(2, np.int64)
    >>> h = history(one, np.array([0, 10]), Sums(one, 5 * one, 25 * one), width=10, windows=(10, None))
    >>> h.known_at.tolist(), h.windows[0].seconds.tolist(), h.windows[1].seconds.tolist()
    ([10, 20, 30], [5, 5, 0], [5, 10, 10])
    """
    ends = bucket // width + 1  # in widths: smaller numbers
    lengths = [None if w is None else w // width for w in windows]
    pad = max([w for w in lengths if w is not None], default=0)
    first = int(ends.min(initial=0))
    span = int(ends.max(initial=0)) - first + 2 * pad + 2  # a key's stretch of the line, with room on both sides
    names = distinct(key)
    line = np.searchsorted(names, key) * span + (ends - first + pad)
    order = np.argsort(line, kind="stable")
    line = line[order]
    # int64 sums may wrap on the way; the difference of two is right whenever the answer itself fits.
    prefix = [np.concatenate([[0], np.cumsum(column[order], dtype=np.int64)]) for column in sums]

    changes = distinct(np.concatenate([line, *(line + w for w in lengths if w is not None)]))
    owner = changes // span
    upper = np.searchsorted(line, changes, side="right")

    def over(length: int | None) -> Sums:
        start = owner * span if length is None else changes - length
        lower = np.searchsorted(line, start, side="right")
        return Sums(*(column[upper] - column[lower] for column in prefix))

    known_at = (changes - owner * span - pad + first) * width
    return History(names[owner].astype(np.int64), known_at, tuple(over(length) for length in lengths))


def mean(sums: Sums) -> npt.NDArray[np.float64]:
    """Seconds per trip; NaN where there was no trip."""
    return np.where(sums.trips > 0, sums.seconds / np.maximum(sums.trips, 1), np.nan)


def shrunk(sums: Sums, prior: npt.NDArray[np.float64], weight: int) -> npt.NDArray[np.float64]:
    """Seconds per trip, drawn towards `prior` as if `weight` trips had taken that long."""
    return (sums.seconds + weight * prior) / (sums.trips + weight)


def spread(sums: Sums) -> npt.NDArray[np.float64]:
    """The standard deviation of the seconds of a trip; NaN below two trips.

    Sum of squares minus square of sum loses all digits where the mean is large and the spread small. Moved by the
    whole part of the mean, the same formula loses none: the moved sums are exact integers (what wraps around 64 bits
    on the way comes back), and trips that all took as long give exactly zero.

    >>> x = np.array([1_000_000_000, 1_000_000_006])
    >>> one = lambda v: np.array([v])
    >>> float(spread(Sums(one(2), one(x.sum()), one((x * x).sum())))[0])
    3.0
    """
    n = np.maximum(sums.trips, 1)
    whole = sums.seconds // n
    rest = sums.seconds - n * whole  # 0 <= rest < n
    moved = sums.seconds_sq - 2 * whole * sums.seconds + n * whole * whole
    variance = np.maximum((moved - rest * (rest / n)) / n, 0.0)
    return np.where(sums.trips > 1, np.sqrt(variance), np.nan)


def city_table(zone_ended_hour: pa.Table) -> pa.Table:
    """What was known about the whole city, hour by hour: CITY_TABLE, by event_timestamp.

    zone_ended_hour   hour, zone, trips, seconds, seconds_sq
    """
    bucket, sums = _micros(zone_ended_hour["hour"]), _sums(zone_ended_hour)
    order = np.argsort(bucket, kind="stable")
    hours = distinct(bucket)
    edges = np.searchsorted(bucket[order], hours)
    total = Sums(*(np.add.reduceat(column[order], edges) if len(hours) else column for column in sums))
    past = history(np.full(len(hours), CITY, np.int64), hours, total, HOUR, (HOUR, DAY, None))
    last_hour, last_day, ever = past.windows
    return _table(
        CITY_TABLE,
        [past.key, past.known_at, last_hour.trips, mean(last_hour), mean(last_day), mean(ever)],
    )


def zone_table(zone_ended_hour: pa.Table, city: pa.Table) -> pa.Table:
    """What was known about each pickup zone, hour by hour: ZONE_TABLE, by zone and event_timestamp.

    zone_ended_hour   hour, zone, trips, seconds, seconds_sq
    city              the CITY_TABLE of the same hours: the prior
    """
    zone, bucket = _ints(zone_ended_hour["zone"]), _micros(zone_ended_hour["hour"])
    past = history(zone, bucket, _sums(zone_ended_hour), HOUR, (HOUR, DAY, None))
    last_hour, last_day, ever = past.windows
    # Every change of a zone is a change of the city, so the city's row is always there.
    at = np.searchsorted(_micros(city["event_timestamp"]), past.known_at, side="right") - 1
    prior = city["city_mean_s"].to_numpy()[at]
    return _table(
        ZONE_TABLE,
        [
            *(past.key, past.known_at),
            *(last_hour.trips, mean(last_hour), last_day.trips, mean(last_day)),
            shrunk(ever, prior, ZONE_WEIGHT),
        ],
    )


def route_table(route_day: pa.Table, zone: pa.Table) -> pa.Table:
    """What was known about each pair of zones, day by day: ROUTE_TABLE, by pickup_zone, dropoff_zone, event_timestamp.

    route_day   day, pickup_zone, dropoff_zone, trips, seconds, seconds_sq; null zones count as UNKNOWN
    zone        the ZONE_TABLE of the same trips: the prior; where it has none, the route's own mean
    """
    pickup = _ints(route_day["pickup_zone"])
    order = np.argsort(pickup, kind="stable")
    edges = np.searchsorted(pickup[order], distinct(pickup))
    parts = [_routes(route_day.take(pa.array(rows)), zone) for rows in _blocks(order, edges)]
    return pa.concat_tables([ROUTE_TABLE.empty_table(), *parts]).combine_chunks()


def _blocks(order: Ints, edges: Ints) -> Iterator[Ints]:
    """`order` cut at some of the `edges`, into pieces of about BLOCK rows: what bounds the memory."""
    start = 0
    for end in [*edges[1:].tolist(), len(order)]:
        if end - start >= BLOCK or end == len(order) > start:
            yield order[start:end]
            start = end


def _routes(route_day: pa.Table, zone: pa.Table) -> pa.Table:
    """The ROUTE_TABLE of some pickup zones."""
    pickup, dropoff = _ints(route_day["pickup_zone"]), _ints(route_day["dropoff_zone"])
    (code,) = encode(np.stack([pickup, dropoff]))
    past = history(code, _micros(route_day["day"]), _sums(route_day), DAY, (ROUTE_WINDOW * DAY,))
    (window,) = past.windows
    example = np.zeros(int(code.max(initial=-1)) + 1, np.int64)  # a row of each code: they count from 0
    example[code] = np.arange(len(code))
    pickup, dropoff = pickup[example[past.key]], dropoff[example[past.key]]
    prior = _prior(pickup, past.known_at, zone)
    drawn = shrunk(window, prior, ROUTE_WEIGHT)
    return _table(
        ROUTE_TABLE,
        [
            *(pickup, dropoff, past.known_at, window.trips),
            np.where(np.isnan(drawn), mean(window), drawn),
            spread(window),
        ],
    )


def _prior(pickup: Ints, at: Ints, zone: pa.Table) -> npt.NDArray[np.float64]:
    """The mean of each pickup zone as known `at` a moment, NaN where nothing was; `zone` is ordered by zone."""
    if not len(pickup):
        return np.empty(0)
    keys = zone["pickup_zone"].to_numpy()
    first = int(np.searchsorted(keys, pickup.min()))  # a block asks for few zones, and needs to look at no other
    last = int(np.searchsorted(keys, pickup.max(), side="right"))
    asked = zone.slice(first, last - first)
    found = as_of(pickup, at, _ints(asked["pickup_zone"]), _micros(asked["event_timestamp"]))
    return np.append(asked["zone_mean_s"].to_numpy(), np.nan)[found]


def _ints(column: pa.ChunkedArray) -> Ints:
    return column.fill_null(UNKNOWN).to_numpy().astype(np.int64)


def _micros(column: pa.ChunkedArray) -> Ints:
    return column.cast(TIME).cast(pa.int64()).to_numpy()


def _sums(table: pa.Table) -> Sums:
    return Sums(*(_ints(table[name]) for name in Sums._fields))


def _table(schema: pa.Schema, columns: list[npt.NDArray[Any]]) -> pa.Table:
    """A table of `schema`; NaN becomes null."""
    arrays = [
        pa.array(column, field.type, from_pandas=True)
        if pa.types.is_floating(field.type)
        else pa.array(column).cast(field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
