"""What does silver say in sums?

Each gold table is one mergeable aggregate over a key that packs its columns into an int64, so the tables of
months, services and machines merge into one by adding. All sums are int64.

    zone_hour        demand: trips by pickup zone and hour of pickup          the reference job
    zone_ended_hour  what was known of a zone: trips by the hour they ended    known when the hour is over
    route_day        what was known of a route: trips by the day they ended    known at the next midnight
    vehicle_day      work of a vehicle, where the source names vehicles
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from course_lib.aggregates.grouped import Grouped
from course_lib.trips.columns import SECOND, Columns
from course_lib.trips.schema import TIME

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_ZONES = 512  # room for a zone number in a packed key
_INT32 = 1 << 32  # room for a vehicle_id in a packed key; half of them are below zero


class Table(NamedTuple):
    """One gold table: which silver columns it reads, how it becomes a state, and how a state becomes a table."""

    reads: tuple[str, ...]
    state: Callable[[Columns], Grouped]
    table: Callable[[Grouped], pa.Table]


def zone_hour(trips: Columns) -> Grouped:
    """Demand by (hour of pickup, pickup zone): the rows and sums of the reference job."""
    fit = ~trips.null("pickup_zone") & ~trips.null("dropoff_at") & ~trips.null("distance_m") & ~trips.null("fare_cents")
    gap = trips.values("dropoff_at") - trips.values("pickup_at")
    fit &= (gap > 0) & (trips.values("distance_m") > 0) & (trips.values("fare_cents") >= 0)
    every = bool(fit.all())

    def kept(column: np.ndarray) -> np.ndarray:
        return column if every else column[fit]

    fare = kept(trips.values("fare_cents"))
    return Grouped.of(
        kept(trips.values("pickup_at") // HOUR * _ZONES + trips.values("pickup_zone")),
        sums={
            "trips": np.ones(len(fare), np.int64),
            "fare_cents": fare,
            "distance_m": kept(trips.values("distance_m")),
            "seconds": kept(gap // SECOND),
        },
        maxima={"max_fare_cents": fare},
    )


def zone_hour_table(state: Grouped) -> pa.Table:
    """hour (start), zone, trips, fare_cents, distance_m, seconds, max_fare_cents; sorted by hour and zone."""
    hour, zone = state.keys // _ZONES, state.keys % _ZONES
    return _table(state, {"hour": _times(hour * HOUR), "zone": _small(zone)})


def zone_ended_hour(trips: Columns) -> Grouped:
    """Trips by (hour of dropoff, pickup zone), whatever they cost."""
    fit = ~trips.null("pickup_zone") & ~trips.null("dropoff_at")
    ended, seconds = trips.values("dropoff_at")[fit], _seconds(trips)[fit]
    return Grouped.of(
        ended // HOUR * _ZONES + trips.values("pickup_zone")[fit],
        sums={
            "trips": np.ones(len(seconds), np.int64),
            "seconds": seconds,
            "seconds_sq": seconds * seconds,
            "distance_m": trips.filled("distance_m", 0)[fit],
        },
        maxima={},
    )


def zone_ended_hour_table(state: Grouped) -> pa.Table:
    """hour (start), zone (of pickup), trips, seconds, seconds_sq, distance_m; sorted by hour and zone."""
    hour, zone = state.keys // _ZONES, state.keys % _ZONES
    return _table(state, {"hour": _times(hour * HOUR), "zone": _small(zone)})


def route_day(trips: Columns) -> Grouped:
    """Trips by (day of dropoff, pickup zone, dropoff zone)."""
    fit = ~trips.null("pickup_zone") & ~trips.null("dropoff_zone") & ~trips.null("dropoff_at")
    ended, seconds = trips.values("dropoff_at")[fit], _seconds(trips)[fit]
    start, end = trips.values("pickup_zone")[fit], trips.values("dropoff_zone")[fit]
    return Grouped.of(
        (ended // DAY * _ZONES + start) * _ZONES + end,
        sums={
            "trips": np.ones(len(seconds), np.int64),
            "seconds": seconds,
            "seconds_sq": seconds * seconds,
            "distance_m": trips.filled("distance_m", 0)[fit],
            "fare_cents": trips.filled("fare_cents", 0)[fit],
        },
        maxima={},
    )


def route_day_table(state: Grouped) -> pa.Table:
    """day (midnight), pickup_zone, dropoff_zone, trips, seconds, seconds_sq, distance_m, fare_cents; sorted so."""
    route, end = state.keys // _ZONES, state.keys % _ZONES
    day, start = route // _ZONES, route % _ZONES
    return _table(state, {"day": _times(day * DAY), "pickup_zone": _small(start), "dropoff_zone": _small(end)})


def vehicle_day(trips: Columns) -> Grouped:
    """Trips by (day of pickup, vehicle)."""
    fit = ~trips.null("vehicle_id") & ~trips.null("dropoff_at")
    return Grouped.of(
        trips.values("pickup_at")[fit] // DAY * _INT32 + trips.values("vehicle_id")[fit].astype(np.int64) + _INT32 // 2,
        sums={
            "trips": np.ones(int(fit.sum()), np.int64),
            "seconds": _seconds(trips)[fit],
            "distance_m": trips.filled("distance_m", 0)[fit],
            "fare_cents": trips.filled("fare_cents", 0)[fit],
        },
        maxima={},
    )


def vehicle_day_table(state: Grouped) -> pa.Table:
    """day (midnight), vehicle_id, trips, seconds, distance_m, fare_cents; sorted by day and vehicle."""
    day, vehicle = state.keys // _INT32, state.keys % _INT32 - _INT32 // 2
    return _table(state, {"day": _times(day * DAY), "vehicle_id": _small(vehicle)})


_ENDED = ("pickup_at", "dropoff_at", "pickup_zone", "distance_m")

TABLES: dict[str, Table] = {
    "zone_hour": Table((*_ENDED, "fare_cents"), zone_hour, zone_hour_table),
    "zone_ended_hour": Table(_ENDED, zone_ended_hour, zone_ended_hour_table),
    "route_day": Table((*_ENDED, "dropoff_zone", "fare_cents"), route_day, route_day_table),
    "vehicle_day": Table(
        ("pickup_at", "dropoff_at", "vehicle_id", "distance_m", "fare_cents"), vehicle_day, vehicle_day_table
    ),
}


def zone_hour_csv(table: pa.Table) -> str:
    """The gold table as the text that the reference job prints."""
    hours = np.datetime_as_string(table["hour"].to_numpy().astype("datetime64[s]"))
    names = ["zone", "trips", "fare_cents", "distance_m", "seconds", "max_fare_cents"]
    lines = ["hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"]
    columns = [hours, *(table[name].to_numpy() for name in names)]
    lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    return "".join(line + "\n" for line in lines)


def _seconds(trips: Columns) -> np.ndarray:
    return (trips.values("dropoff_at") - trips.values("pickup_at")) // SECOND


def _times(microseconds: np.ndarray) -> pa.Array:
    return pa.array(microseconds, pa.int64()).view(TIME)


def _small(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers.astype(np.int32))


def _table(state: Grouped, keys: dict[str, pa.Array]) -> pa.Table:
    return pa.table({**keys, **{name: pa.array(column) for name, column in {**state.sums, **state.maxima}.items()}})
