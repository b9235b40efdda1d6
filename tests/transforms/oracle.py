"""What must the batch path find? The same job row by row, in plain Python: slow, and obvious.

It shares no code with the library but the reference job of gold: rules, limits and the order of versions are written
out a second time, from the words of the contract. A row is a dict of the canonical columns; times are datetimes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Row = dict[str, Any]

COLUMNS = (
    "trip_id", "service", "vendor_id", "rate_code", "payment_type", "passengers", "operator", "pickup_at",
    "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m", "fare_cents", "tip_cents", "tolls_cents",
    "surcharges_cents", "total_cents", "vehicle_id", "updated_at", "source_file", "source_row",
)  # fmt: skip
CODES = ("vendor_id", "rate_code", "payment_type", "passengers")
ERRORS = (
    "unparseable_line", "required_null", "outside_type", "dropoff_not_after_pickup", "longer_than_23h", "refund",
    "negative_fare", "distance_not_positive", "distance_over_100_miles",
)  # fmt: skip
ALL = frozenset(COLUMNS)  # what a canonical file publishes
LINE = "line"  # among the problems of a row: the whole line could not be read


class Read(NamedTuple):
    """A row as ingestion hands it over."""

    row: Row
    problems: frozenset[str]  # the fields whose published value is odd, or LINE


class File(NamedTuple):
    """An input: its rows in their order, and what its name and header say."""

    name: str
    rows: list[Read]
    published: frozenset[str] = ALL


class Answer(NamedTuple):
    """What the batch path must find."""

    silver: list[Row]
    quarantine: list[tuple[Row, str, bool]]  # row, reasons, whether its text is kept
    fates: dict[str, tuple[int, int, int, int]]  # source_file -> read, silver, quarantined, duplicate
    broken: dict[str, int]


def ingest(name: str, published: Sequence[Row]) -> File:
    """A file whose columns are canonical: values outside their field's type are odd, and null."""
    return File(name, [_ingested(row, name, number) for number, row in enumerate(published, start=1)])


def _ingested(published: Row, name: str, number: int) -> Read:
    row, odd = dict.fromkeys(COLUMNS), set()
    for field, value in published.items():
        if value is None or (field in ("pickup_zone", "dropoff_zone") and value in (264, 265)):
            continue
        if _inside_type(field, value):
            row[field] = value
        else:
            odd.add(field)
    row["source_file"], row["source_row"] = name, number
    return Read(row, frozenset(odd))


def _inside_type(field: str, value: Any) -> bool:
    if field == "service":
        return value in ("yellow", "green", "fhv", "fhvhv")
    if field in ("pickup_at", "dropoff_at", "updated_at"):
        return 1900 <= value.year <= 2100
    if field in ("pickup_zone", "dropoff_zone"):
        return 1 <= value <= 263
    if field == "passengers":
        return 0 <= value <= 32_767
    if field in CODES:
        return -32_768 <= value <= 32_767
    if field in ("trip_id", "operator"):
        return True
    return -2_147_483_647 <= value <= 2_147_483_647


def month_of(name: str) -> tuple[int, int] | None:
    """The month in a file's name."""
    found = re.search(r"(\d{4})[-_]?(\d\d)(?!\d)", name.rsplit("/", 1)[-1])
    return (int(found[1]), int(found[2])) if found else None


def broken_alone(read: Read, published: frozenset[str], month: tuple[int, int] | None) -> set[str]:
    """The rules that a row breaks whatever the other rows are; every negative fare is `negative_fare` here."""
    row, problems = read

    def value(field: str) -> Any:
        return row[field] if field in published else None

    def empty(field: str) -> bool:  # published, and published empty
        return row[field] is None and field not in problems and LINE not in problems

    start, end = value("pickup_at"), value("dropoff_at")
    lasts = None if start is None or end is None else end - start
    distance, fare = value("distance_m"), value("fare_cents")
    return {
        name
        for name, is_broken in {
            "unparseable_line": LINE in problems,
            "required_null": any(map(empty, ("trip_id", "service", "pickup_at", "source_file", "source_row"))),
            "outside_type": bool(problems - {LINE}),
            "dropoff_not_after_pickup": lasts is not None and lasts <= timedelta(0),
            "longer_than_23h": lasts is not None and lasts > timedelta(hours=23),
            "negative_fare": fare is not None and fare < 0,
            "distance_not_positive": distance is not None and distance <= 0,
            "distance_over_100_miles": distance is not None and distance > 160_934,
            "unknown_zone": any(empty(zone) for zone in ("pickup_zone", "dropoff_zone") if zone in published),
            "zero_fare": fare == 0,
            "no_passengers": value("passengers") == 0,
            "codes_all_null": published.issuperset(CODES) and all(map(empty, CODES)),
            "outside_month": start is not None and month is not None and (start.year, start.month) != month,
        }.items()
        if is_broken
    }


def answer(files: Sequence[File]) -> Answer:
    """What must become of all rows of `files`."""
    judged = [(read, broken_alone(read, f.published, month_of(f.name)), f) for f in files for read in f.rows]
    _judge_twins([(read.row, broken) for read, broken, file in judged if file.published.issuperset(TWIN)])
    good: list[Row] = []
    refused: list[tuple[Row, str, bool]] = []
    for read, broken, _ in judged:
        reasons = [name for name in ERRORS if name in broken]
        if reasons:
            refused.append((read.row, ";".join(reasons), bool(read.problems)))
        else:
            good.append(read.row)
    silver = newest(good)
    fates = {}
    for file in files:
        counts = [_of(file, rows) for rows in (silver, [row for row, _, _ in refused], good)]
        fates[file.name] = (len(file.rows), counts[0], counts[1], counts[2] - counts[0])
    return Answer(silver, refused, fates, dict(Counter(name for _, broken, _ in judged for name in broken)))


def _of(file: File, rows: Iterable[Row]) -> int:
    return sum(row["source_file"] == file.name for row in rows)


TWIN = ("service", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")


def _judge_twins(rows: Iterable[tuple[Row, set[str]]]) -> None:
    """Add what rows say of each other to the rules they break."""
    alike: dict[tuple, list[tuple[Row, set[str]]]] = defaultdict(list)
    for row, broken in rows:
        if row["pickup_at"] is not None:
            alike[tuple(row[name] for name in TWIN)].append((row, broken))
    for group in alike.values():
        for row, broken in group:
            others = [other for other, _ in group if other["trip_id"] != row["trip_id"]]
            fare = row["fare_cents"] or 0
            if others:
                broken.add("shared_trip")
            if fare < 0 and any((other["fare_cents"] or 0) > 0 for other in others):
                broken.remove("negative_fare")
                broken.add("refund")
            if fare > 0 and any((other["fare_cents"] or 0) < 0 for other in others):
                broken.add("refunded")


def newest(rows: Iterable[Row]) -> list[Row]:
    """The newest row of each trip_id."""
    standing: dict[int, Row] = {}
    for row in rows:
        rival = standing.get(row["trip_id"])
        if rival is None or _order(row) < _order(rival):
            standing[row["trip_id"]] = row
    return list(standing.values())


def _order(row: Row) -> tuple:
    """Smallest first: the newest, then the first file bytewise, then the first row."""
    at = row["updated_at"]
    age = timedelta.max if at is None else datetime.max - at
    return age, row["source_file"].encode("utf-8", "surrogateescape"), row["source_row"]
