"""What are the engines given?

Canonical trips as Parquet, bronze with all their defects, and the oracle's answer to them. Three inputs: generated
trips of several months with corrections in later files; a few rows drawn from the values at which rules and ties turn;
and nothing that counts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.ingestion.discover import discover
from course_lib.ingestion.read import read_bronze
from course_lib.ingestion.synthetic import generate
from course_lib.reference import NEEDED, zone_hour_demand
from course_lib.trips.generator import Settings
from course_lib.trips.schema import CANONICAL

ROW_GROUP = 1 << 16
SCHEMA = pa.schema([field.with_nullable(True) for field in CANONICAL])  # bronze promises nothing

NOON = datetime(2024, 3, 10, 12)
_EDGES: dict[str, list[Any]] = {
    "trip_id": [*range(120), 2**63 - 1, -(2**63), 2**53 + 1, 2**53],
    "pickup_at": [
        *(NOON, NOON + timedelta(minutes=59, seconds=59), NOON + timedelta(hours=1), None),
        *(datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30), datetime(1999, 12, 31, 23, 59, 59)),
    ],
    "dropoff_at": [NOON + timedelta(hours=2), NOON + timedelta(hours=2, seconds=1), NOON, datetime(2025, 1, 1), None],
    "pickup_zone": [1, 2, 263, None],
    "dropoff_zone": [1, None],
    "distance_m": [1, 2_000, 2**31 - 1, 0, -1, None],
    "fare_cents": [0, 1_150, 2**31 - 1, -1, None],
    "updated_at": [None, datetime(1900, 1, 1), NOON, NOON + timedelta(seconds=1), datetime(2100, 1, 1)],
    "source_file": ["a", "B", "b", "a/b", "é", "\uffee", "\U0001f695", "a b", ""],
}


class Given(NamedTuple):
    """An input of the job, and its answer."""

    folder: Path  # *.parquet, canonical columns
    rows: int
    answer: bytes  # the oracle's


def generated(folder: Path, trips: int, seed: int = 7) -> Given:
    """Generated trips with defects, three months of them; corrections come in later files."""
    paths = generate(Settings(trips=trips, seed=seed), folder / "published")
    return from_files(paths, folder / "trips")


def from_files(paths: Sequence[str | Path], folder: Path) -> Given:
    """Trip files of any kind, as canonical Parquet in `folder`. Raises InputError for one that cannot be read."""
    found = discover([str(path) for path in paths])
    if found.unreadable:
        raise found.unreadable[0]
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    for number, source in enumerate(found.files):
        with pq.ParquetWriter(folder / f"{number:03}.parquet", SCHEMA) as writer:
            for batch in read_bronze(source):
                rows += batch.num_rows
                writer.write_table(batch.select(SCHEMA.names).cast(SCHEMA), row_group_size=ROW_GROUP)
    return Given(folder, rows, oracle(folder))


def edges(folder: Path, rows: int = 1_500, seed: int = 5) -> Given:
    """Rows at the edges of every rule, in two files, few ids, many ties."""
    chance = random.Random(seed)
    drawn = [
        {name: chance.choice(values) for name, values in _EDGES.items()} | {"service": "green", "source_row": number}
        for number in range(1, rows + 1)
    ]
    return _written(folder, [drawn[: rows // 3], drawn[rows // 3 :]])


def nothing(folder: Path) -> Given:
    """A file without rows, and one whose rows are no trips: the answer is the header alone."""
    row = {"trip_id": 1, "service": "green", "pickup_at": NOON, "dropoff_at": NOON, "pickup_zone": 1, "distance_m": 1,
           "fare_cents": 1, "source_file": "a", "source_row": 1}  # fmt: skip
    return _written(folder, [[], [row, row | {"source_row": 2, "fare_cents": None}]])


def _written(folder: Path, files: Sequence[Sequence[dict[str, Any]]]) -> Given:
    folder.mkdir(parents=True, exist_ok=True)
    for number, rows in enumerate(files):
        pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), folder / f"{number:03}.parquet")
    return Given(folder, sum(map(len, files)), oracle(folder))


def oracle(folder: Path) -> bytes:
    """The reference job's answer to the trips in `folder`."""
    return zone_hour_demand(rows_of(folder)).encode()


def rows_of(folder: Path, columns: Sequence[str] = NEEDED) -> Iterator[dict[str, Any]]:
    """The rows of all files in `folder`, as Python values."""
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROW_GROUP, columns=list(columns)):
                yield from batch.to_pylist()
