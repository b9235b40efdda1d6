"""Small sets of trips, their gold, and what was known when, worked out trip by trip."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from hypothesis import settings

from course_lib.features.tables import (
    ROUTE_WEIGHT,
    ROUTE_WINDOW,
    ZONE_WEIGHT,
    city_table,
    route_table,
    zone_table,
)
from course_lib.storage.layout import write_table
from course_lib.trips.schema import CANONICAL

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2023, 3, 10)
TIME = pa.timestamp("us")

# No clock and no fresh randomness in tests; a loaded machine is no failure.
unhurried = settings(deadline=None, derandomize=True, max_examples=60)


class Trip(NamedTuple):
    """What features are made of."""

    trip_id: int
    pickup_at: datetime
    seconds: int
    pickup_zone: int | None
    dropoff_zone: int | None

    @property
    def dropoff_at(self) -> datetime:
        return self.pickup_at + timedelta(seconds=self.seconds)


def some_trips(count: int, days: float = 3, zones: int = 4, seed: int = 1) -> list[Trip]:
    """Trips at random, one in ten to an unknown zone; some share their zones and their second."""
    rng = random.Random(seed)
    trips: list[Trip] = []
    for i in range(count):
        at = START + timedelta(seconds=rng.randrange(int(days * 86_400)))
        start = rng.randint(1, zones)
        end = None if rng.random() < 0.1 else rng.randint(1, zones)
        if trips and rng.random() < 0.05:
            _, at, _, start, end = rng.choice(trips)
        trips.append(Trip(i, at, rng.randint(60, 4000), start, end))
    return trips


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def zone_ended_hour(trips: Iterable[Trip]) -> pa.Table:
    """Gold's sums by (hour of dropoff, pickup zone)."""
    sums = _sums((hour_of(trip.dropoff_at), trip.pickup_zone, trip.seconds) for trip in trips)
    return _gold(sums, {"hour": TIME, "zone": pa.int32()})


def route_day(trips: Iterable[Trip]) -> pa.Table:
    """Gold's sums by (day of dropoff, pickup zone, dropoff zone)."""
    known = [trip for trip in trips if trip.dropoff_zone is not None]
    sums = _sums((day_of(t.dropoff_at), t.pickup_zone, t.dropoff_zone, t.seconds) for t in known)
    return _gold(sums, {"day": TIME, "pickup_zone": pa.int32(), "dropoff_zone": pa.int32()})


def tables_of(trips: list[Trip]) -> dict[str, pa.Table]:
    city = city_table(zone_ended_hour(trips))
    zone = zone_table(zone_ended_hour(trips), city)
    return {"city": city, "zone": zone, "route": route_table(route_day(trips), zone)}


def questions(trips: list[Trip]) -> pa.Table:
    """What is asked about each trip: its pickup and its zones."""
    zones = {name: pa.array([getattr(t, name) for t in trips], pa.int32()) for name in ("pickup_zone", "dropoff_zone")}
    return pa.table({"pickup_at": pa.array([trip.pickup_at for trip in trips], pa.timestamp("us")), **zones})


def write_gold(trips: Sequence[Trip], folder: Path) -> Path:
    write_table(zone_ended_hour(trips), folder / "zone_ended_hour.parquet")
    write_table(route_day(trips), folder / "route_day.parquet")
    return folder


def write_silver(trips: Sequence[Trip], folder: Path, parts: int = 1, **columns: list) -> Path:
    """Canonical trips in `parts` files; `columns` replaces whole columns."""
    rows: dict[str, list] = {name: [None] * len(trips) for name in CANONICAL.names}
    for name in ("trip_id", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone"):
        rows[name] = [getattr(trip, name) for trip in trips]
    rows |= {
        "service": ["green"] * len(trips),
        "passengers": [1 + trip.trip_id % 4 for trip in trips],
        "source_file": ["a.csv"] * len(trips),
        "source_row": list(range(len(trips))),
        **columns,
    }
    table = pa.table(rows, schema=CANONICAL)
    for i in range(parts):
        part = table.take(pa.array(range(i, len(trips), parts), pa.int64()))
        write_table(part, folder / f"service=green/month=2023-03/part-{i}.parquet")
    return folder


# What was known, straight from the trips.


def city_known(trips: Sequence[Trip], at: datetime) -> dict[str, float | int | None]:
    ended = [trip for trip in trips if hour_of(trip.dropoff_at) + HOUR <= at]
    if not ended:
        return dict.fromkeys(("city_trips_1h", "city_mean_1h_s", "city_mean_24h_s", "city_mean_s"))
    last_hour, last_day = _ended_within(ended, at, HOUR), _ended_within(ended, at, DAY)
    return {
        "city_trips_1h": len(last_hour),
        "city_mean_1h_s": _mean(last_hour),
        "city_mean_24h_s": _mean(last_day),
        "city_mean_s": _mean(ended),
    }


def zone_known(trips: Sequence[Trip], zone: int, at: datetime) -> dict[str, float | int | None]:
    names = ("zone_trips_1h", "zone_mean_1h_s", "zone_trips_24h", "zone_mean_24h_s", "zone_mean_s")
    ended = [trip for trip in trips if trip.pickup_zone == zone and hour_of(trip.dropoff_at) + HOUR <= at]
    if not ended:
        return dict.fromkeys(names)
    last_hour, last_day = _ended_within(ended, at, HOUR), _ended_within(ended, at, DAY)
    # The prior is the city's mean when the zone last changed: as a bucket of it ended, or left a window.
    ends = {hour_of(trip.dropoff_at) + HOUR for trip in ended}
    changed = max(moment for end in ends for moment in (end, end + HOUR, end + DAY) if moment <= at)
    prior = city_known(trips, changed)["city_mean_s"]
    assert prior is not None
    shrunk = (sum(trip.seconds for trip in ended) + ZONE_WEIGHT * prior) / (len(ended) + ZONE_WEIGHT)
    return dict(zip(names, (len(last_hour), _mean(last_hour), len(last_day), _mean(last_day), shrunk), strict=True))


def route_known(trips: Sequence[Trip], route: tuple[int, int], at: datetime) -> dict[str, float | int | None]:
    names = ("route_trips_28d", "route_mean_28d_s", "route_spread_28d_s")
    ends = {
        trip: day_of(trip.dropoff_at) + DAY
        for trip in trips
        if (trip.pickup_zone, trip.dropoff_zone) == route and day_of(trip.dropoff_at) + DAY <= at
    }
    if not ends:
        return dict.fromkeys(names)
    window = timedelta(days=ROUTE_WINDOW)
    inside = [trip for trip, end in ends.items() if end > day_of(at) - window]
    changed = max(moment for end in ends.values() for moment in (end, end + window) if moment <= at)
    prior = zone_known(trips, route[0], changed)["zone_mean_s"]
    assert prior is not None
    shrunk = (sum(trip.seconds for trip in inside) + ROUTE_WEIGHT * prior) / (len(inside) + ROUTE_WEIGHT)
    spread = None
    if len(inside) > 1:
        mean = sum(trip.seconds for trip in inside) / len(inside)
        spread = (sum((trip.seconds - mean) ** 2 for trip in inside) / len(inside)) ** 0.5
    return dict(zip(names, (len(inside), shrunk, spread), strict=True))


def _ended_within(trips: Sequence[Trip], at: datetime, window: timedelta) -> list[Trip]:
    return [trip for trip in trips if hour_of(trip.dropoff_at) + HOUR > hour_of(at) - window]


def _mean(trips: Sequence[Trip]) -> float | None:
    return sum(trip.seconds for trip in trips) / len(trips) if trips else None


def _sums(rows: Iterable[tuple]) -> dict[tuple, list[int]]:
    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0])
    for *key, seconds in rows:
        for i, number in enumerate((1, seconds, seconds * seconds)):
            sums[tuple(key)][i] += number
    return dict(sorted(sums.items()))


def _gold(sums: dict[tuple, list[int]], keys: dict[str, pa.DataType]) -> pa.Table:
    columns = {name: pa.array([key[i] for key in sums], kind) for i, (name, kind) in enumerate(keys.items())}
    for i, name in enumerate(("trips", "seconds", "seconds_sq")):
        columns[name] = pa.array([row[i] for row in sums.values()], pa.int64())
    return pa.table(columns)
