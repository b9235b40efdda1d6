"""How many trips started in each zone in each hour, and what did they add up to?

This is the reference job: small enough to read in one sitting, slow enough to be obviously right, and in the standard
library alone, so that every engine of the course can be held to it byte for byte. The job, on bronze trips:

    1. keep a row whose pickup_zone, pickup_at and dropoff_at are not null, whose dropoff_at > pickup_at, distance_m > 0
       and fare_cents >= 0 (a null satisfies nothing);
    2. of those, keep the newest per trip_id: the largest updated_at, null being the oldest; ties go to the smallest
       source_file, bytewise, then to the smallest source_row;
    3. add up, per pickup_zone and wall-clock hour of pickup_at;
    4. write UTF-8 CSV, sorted by hour and zone, `\\n` after every line.

The order of 1 and 2 matters: a correction that is itself invalid leaves the older row standing.

A row is a mapping with at least the keys of `NEEDED`; others are ignored. Integers are ints or decimal text, times are
naive datetimes or ISO text ("2020-10-01T08:00:00", "2020-10-01 08:00:00"), local wall time in whole seconds. A null is
None or empty text. A float, NaN included, is refused: an engine that turned a column of integers into floats to make
room for its nulls has lost digits already.

From the command line, on CSV files with those names in their header:

    python -m course_lib.reference trips.csv [more.csv ...] answer.csv
"""

from __future__ import annotations

import csv
import operator
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

NEEDED = (
    "trip_id", "pickup_zone", "pickup_at", "dropoff_at", "distance_m", "fare_cents",
    "updated_at", "source_file", "source_row",
)  # fmt: skip
HEADER = "hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"


class Trip(NamedTuple):
    """What the job needs of a valid row."""

    trip_id: int
    zone: int
    pickup_at: datetime
    seconds: int  # from pickup to dropoff
    distance_m: int
    fare_cents: int
    updated_at: datetime | None
    source_file: str
    source_row: int


class Sums(NamedTuple):
    """What the job says of one zone in one hour."""

    trips: int
    fare_cents: int
    distance_m: int
    seconds: int
    max_fare_cents: int


def zone_hour_demand(trips: Iterable[Mapping[str, Any]]) -> str:
    """The job's answer, as CSV text; where nothing is kept, the header alone.

    >>> ride = {"trip_id": 1, "pickup_zone": 7, "pickup_at": "2020-10-01T08:59:59", "dropoff_at": "2020-10-01T09:10:00",
    ...         "distance_m": 2400, "fare_cents": 1150, "updated_at": None, "source_file": "a", "source_row": 1}
    >>> second, nowhere = ride | {"trip_id": 2, "fare_cents": 900}, ride | {"trip_id": 3, "distance_m": 0}
    >>> print(zone_hour_demand([ride, second, nowhere]))
    hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents
    2020-10-01T08:00:00,7,2,2050,4800,1202,1150
    <BLANKLINE>
    """
    return text(demand(newest(valid(trips))))


def valid(rows: Iterable[Mapping[str, Any]]) -> Iterator[Trip]:
    """Step 1: the rows that are trips."""
    for row in rows:
        zone, distance_m, fare_cents = (_integer(row[name]) for name in ("pickup_zone", "distance_m", "fare_cents"))
        pickup_at, dropoff_at = _time(row["pickup_at"]), _time(row["dropoff_at"])
        if zone is None or pickup_at is None or dropoff_at is None or dropoff_at <= pickup_at:
            continue
        if distance_m is None or distance_m <= 0:
            continue
        if fare_cents is None or fare_cents < 0:
            continue
        trip_id, source_row = _integer(row["trip_id"]), _integer(row["source_row"])
        if trip_id is None or source_row is None:
            raise ValueError(f"a valid trip without trip_id or source_row: {dict(row)}")
        seconds = (dropoff_at - pickup_at) // timedelta(seconds=1)
        updated_at, source_file = _time(row["updated_at"]), str(row["source_file"])
        yield Trip(trip_id, zone, pickup_at, seconds, distance_m, fare_cents, updated_at, source_file, source_row)


def newest(trips: Iterable[Trip]) -> list[Trip]:
    """Step 2: one trip per trip_id, in no particular order."""
    standing: dict[int, Trip] = {}
    for trip in trips:
        rival = standing.get(trip.trip_id)
        if rival is None or displaces(trip, rival):
            standing[trip.trip_id] = trip
    return list(standing.values())


def displaces(trip: Trip, rival: Trip) -> bool:
    """Whether `trip` is the one to keep of the two.

    >>> rival = Trip(1, 7, datetime(2020, 10, 1, 8), 60, 100, 500, None, "b.csv", 5)
    >>> displaces(rival._replace(updated_at=datetime(2020, 10, 2)), rival)
    True
    >>> displaces(rival._replace(source_file="B.csv", source_row=9), rival)  # bytewise, capitals come first
    True
    """
    if trip.updated_at == rival.updated_at:
        return _place(trip) < _place(rival)
    if trip.updated_at is None or rival.updated_at is None:
        return rival.updated_at is None
    return trip.updated_at > rival.updated_at


def demand(trips: Iterable[Trip]) -> dict[tuple[datetime, int], Sums]:
    """Step 3: the sums of each (hour, zone)."""
    sums: dict[tuple[datetime, int], Sums] = {}
    for trip in trips:
        key = (trip.pickup_at.replace(minute=0, second=0, microsecond=0), trip.zone)
        so_far = sums.get(key, Sums(0, 0, 0, 0, 0))  # fares of valid trips are not negative, so 0 is below any
        sums[key] = Sums(
            so_far.trips + 1,
            so_far.fare_cents + trip.fare_cents,
            so_far.distance_m + trip.distance_m,
            so_far.seconds + trip.seconds,
            max(so_far.max_fare_cents, trip.fare_cents),
        )
    return sums


def text(sums: Mapping[tuple[datetime, int], Sums]) -> str:
    """Step 4: the answer as CSV, sorted by hour and zone."""
    lines = [HEADER]
    for hour, zone in sorted(sums):
        lines.append(",".join([hour.isoformat(), str(zone), *map(str, sums[hour, zone])]))
    return "".join(line + "\n" for line in lines)


def read_csv(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file as text; where it has no source_file and source_row, its name and the record's number."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [name for name in NEEDED[:-2] if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path}: not a table of canonical trips: its header lacks {', '.join(missing)}")
        for number, row in enumerate(reader, start=1):
            yield {"source_file": path.name, "source_row": number, **row}


def _place(trip: Trip) -> tuple[bytes, int]:
    return trip.source_file.encode("utf-8", "surrogateescape"), trip.source_row


def _integer(value: Any) -> int | None:
    if value is None or value == "":
        return None
    return int(value) if isinstance(value, str) else operator.index(value)


def _time(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(at, datetime) or at.tzinfo is not None:
        raise ValueError(f"{value!r} is not a wall time: give a datetime without a zone, or its ISO text")
    return at


def main(arguments: list[str]) -> int:
    """The command: 0 when the answer is written, 2 when it was asked for wrongly or the input is no table of trips."""
    if len(arguments) < 2:
        print("usage: python -m course_lib.reference trips.csv [more.csv ...] answer.csv", file=sys.stderr)
        return 2
    *inputs, answer = map(Path, arguments)
    try:
        rows = (row for path in inputs for row in read_csv(path))
        Path(answer).write_bytes(zone_hour_demand(rows).encode())
    except (OSError, ValueError, csv.Error) as error:
        print(f"course_lib.reference: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
