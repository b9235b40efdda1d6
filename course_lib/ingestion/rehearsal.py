"""What does each pattern move, and what does it miss, to keep a copy of one table fresh?

A small city writes in rounds: trips end, fares are corrected, a few trips are cancelled and deleted. The same rounds
reach six sources, and a follower of each keeps a copy:

    full          the PostgreSQL table, all of it, each round
    incremental   its rows with updated_at after the last one seen
    log           its replication slot
    api           the trip service, from the last cursor on
    topic         a Kafka topic with a message for each change; no value for a deleted trip
    objects       one Parquet object for each day of pickup; those whose tag changed are read again

Bytes are those of the payload: rows of COPY, messages of the log and the topic, bodies of HTTP.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.ingestion import api, objects, tables, topics
from course_lib.ingestion.cdc import Copy, apply_all
from course_lib.ingestion.local_api import LocalApi
from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.local_postgres import LocalPostgres
from course_lib.ingestion.local_s3 import LocalS3
from course_lib.ingestion.replication_slot import Slot
from course_lib.trips.schema import CANONICAL

COLUMNS = ("trip_id", "pickup_at", "pickup_zone", "fare_cents", "updated_at")
SCHEMA = pa.schema([CANONICAL.field(name).with_nullable(True) for name in COLUMNS])
Row = dict[str, Any]
Rows = dict[int, Row]


class Round(NamedTuple):
    """What happened in the city since the last round."""

    changed: list[Row]  # new trips and new versions of old ones
    gone: list[int]  # trip_ids


class Outcome(NamedTuple):
    """A copy after the last round, beside the table it copies."""

    pattern: str
    bytes: int
    missing: int  # trips that the copy does not have
    stale: int  # trips of which it has an old version
    ghosts: int  # trips that it has and the table has not


def rounds(
    trips: pa.Table, count: int, seed: int, corrected: float = 0.02, cancelled: float = 0.005
) -> Iterator[Round]:
    """`count` rounds of a city whose `trips` (n rows, at least COLUMNS) end in their order, the first half in round 0.

    corrected, cancelled   shares of all trips so far, each round
    """
    draw, rows = np.random.default_rng(seed), trips.select(COLUMNS).to_pylist()
    edges = np.linspace(len(rows) / 2, len(rows), count).astype(int)
    now = max((row["updated_at"] for row in rows), default=datetime(2024, 1, 1))
    alive: Rows = {}
    for turn, (first, end) in enumerate(zip([0, *edges], edges, strict=False)):
        now += timedelta(minutes=15)
        old = [key for key in sorted(alive) if draw.random() < corrected]
        gone = [key for key in sorted(alive) if key not in old and draw.random() < cancelled]
        fares = draw.integers(-300, 301, len(old)).tolist()
        changed = [
            {**alive[key], "fare_cents": alive[key]["fare_cents"] + more, "updated_at": now}
            for key, more in zip(old, fares, strict=True)
        ]
        changed += [{**row, "updated_at": now - timedelta(minutes=14) if turn else row["updated_at"]}
                    for row in rows[first:end]]  # fmt: skip
        alive |= {row["trip_id"]: row for row in changed}
        for key in gone:
            del alive[key]
        yield Round(changed, gone)


def as_json(row: Row) -> Row:
    """A row as the trip service and the topic tell it: times as whole seconds, by which changes are ordered."""
    return {name: _seconds(value) if isinstance(value, datetime) else value for name, value in row.items()}


class Rehearsal:
    """The six sources and their followers; the services are the caller's, and stay open."""

    def __init__(self, postgres: LocalPostgres, kafka: LocalKafka, store: LocalS3, name: str = "rehearsal"):
        self.name = name
        self.alive: Rows = {}
        self.bytes: dict[str, int] = {}
        self.copies: dict[str, Rows] = {}
        self._kafka, self._s3 = kafka, store
        self._connection = postgres.connect(autocommit=True)
        self._connection.execute(
            f"DROP TABLE IF EXISTS {name}; DROP PUBLICATION IF EXISTS {name};"
            f"CREATE TABLE {name} (trip_id bigint PRIMARY KEY, pickup_at timestamp, pickup_zone int, fare_cents int,"
            f"updated_at timestamp); CREATE PUBLICATION {name} FOR TABLE {name}"
        )
        self._slot = Slot(self._connection, name, name).create()
        self._log = Copy(("trip_id",))
        self._watermark: datetime | None = None
        self._api, self._cursor = LocalApi([]).start(), ""
        self._positions: dict[int, int] = {}
        self._files = store.filesystem()
        if not self._files.exists(name):
            self._files.mkdir(name)
        self._tags: dict[str, str] = {}
        self._objects: dict[str, list[Row]] = {}

    def write(self, told: Round) -> None:
        """Let a round happen at all six sources."""
        with self._connection.transaction():
            tables.upsert_into(self._connection, self.name, pa.Table.from_pylist(told.changed, SCHEMA), "trip_id")
            self._connection.execute(f"DELETE FROM {self.name} WHERE trip_id = ANY(%s)", [told.gone])  # noqa: S608
        touched = {_day(row) for row in told.changed} | {_day(self.alive[key]) for key in told.gone}
        self.alive |= {row["trip_id"]: row for row in told.changed}
        for key in told.gone:
            del self.alive[key]
        self._api.take_in(as_json(row) for row in told.changed)  # a service tells what is, not what was
        messages = [(row["trip_id"], json.dumps(as_json(row)).encode()) for row in told.changed]
        topics.write(
            self._kafka.bootstrap,
            self.name,
            [(str(key).encode(), value) for key, value in [*messages, *((key, None) for key in told.gone)]],
        )
        by_day: dict[str, list[Row]] = {day: [] for day in touched}
        for row in self.alive.values():
            if _day(row) in by_day:
                by_day[_day(row)].append(row)
        names = {day: f"{self.name}/day={day}/part-0.parquet" for day in by_day}
        self._files.pipe({names[day]: _parquet(rows) for day, rows in by_day.items()})

    def catch_up(self) -> None:
        """Let every follower bring its copy up to date."""
        followers: dict[str, Callable[[], tuple[Rows, int]]] = {
            "full": self._full,
            "incremental": self._incremental,
            "log": self._follow,
            "api": self._ask,
            "topic": self._listen,
            "objects": self._fetch,
        }
        for pattern, follow in followers.items():
            rows, moved = follow()
            self.copies[pattern] = rows
            self.bytes[pattern] = self.bytes.get(pattern, 0) + moved

    def outcomes(self) -> list[Outcome]:
        """Each copy beside the table as it is now."""
        return [
            Outcome(
                pattern,
                self.bytes[pattern],
                missing=len(self.alive.keys() - copy.keys()),
                stale=sum(copy[key] != row for key, row in self.alive.items() if key in copy),
                ghosts=len(copy.keys() - self.alive.keys()),
            )
            for pattern, copy in self.copies.items()
        ]

    def close(self) -> None:
        """Drop the slot, and let go of the services."""
        self._slot.drop()
        self._connection.close()
        self._api.stop()

    def _full(self) -> tuple[Rows, int]:
        loaded = tables.full_load(self._connection, self.name, SCHEMA)
        return _by_id(loaded.rows.to_pylist()), loaded.bytes

    def _incremental(self) -> tuple[Rows, int]:
        loaded = tables.load_since(self._connection, self.name, SCHEMA, "updated_at", self._watermark)
        rows = loaded.rows.to_pylist()
        self._watermark = max((row["updated_at"] for row in rows), default=self._watermark)
        return {**self.copies.get("incremental", {}), **_by_id(rows)}, loaded.bytes

    def _follow(self) -> tuple[Rows, int]:
        moved = self._slot.follow(lambda found: apply_all(self._log, found), f"public.{self.name}")
        return {key: row for (key,), row in self._log.rows.items()}, moved.bytes

    def _ask(self) -> tuple[Rows, int]:
        rows, moved = dict(self.copies.get("api", {})), 0
        for page in api.read_pages(self._api.url, self._cursor, limit=500, sleep=self._api.clock.sleep):
            rows |= _by_id([_from_json(trip) for trip in page.trips])
            self._cursor, moved = page.cursor, moved + page.bytes
        return rows, moved

    def _listen(self) -> tuple[Rows, int]:
        rows, moved = dict(self.copies.get("topic", {})), 0
        with topics.Reader(self._kafka.bootstrap, self.name, self.name, self._positions) as reader:
            while reader.behind():
                for record in reader.read(1000):
                    moved += len(record.key or b"") + len(record.value or b"")
                    if record.value is None:
                        rows.pop(int(record.key or b"0"), None)
                    else:
                        rows |= _by_id([_from_json(json.loads(record.value))])
            self._positions = reader.positions
        return rows, moved

    def _fetch(self) -> tuple[Rows, int]:
        before = self._s3.traffic().bytes_out
        listed = objects.listing(self._files, f"{self.name}/")
        news = objects.news(listed, self._tags)
        for one, table in zip(news.read, objects.read_each(self._files, news.read), strict=True):
            self._objects[one.name] = table.to_pylist()
        for name in news.gone:
            del self._objects[name]
        self._tags = {one.name: one.tag for one in listed}
        return _by_id([row for rows in self._objects.values() for row in rows]), self._s3.traffic().bytes_out - before


def _parquet(rows: list[Row]) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), written)
    return written.getvalue()


def _by_id(rows: list[Row]) -> Rows:
    return {row["trip_id"]: row for row in rows}


def _day(row: Row) -> str:
    return f"{row['pickup_at']:%Y-%m-%d}"


def _from_json(row: Row) -> Row:
    times = {name: datetime.fromtimestamp(row[name], UTC).replace(tzinfo=None) for name in ("pickup_at", "updated_at")}
    return {**row, **times}


def _seconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())
