"""Canonical trips as nobody would wish for, and how they become files and a run of the batch path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from course_lib.ingestion.discover import discover
from course_lib.storage import digests, layout
from course_lib.transforms import audit, batch, bronze, index, plan, refine, steps
from course_lib.transforms.batch import Silver, in_this_process
from course_lib.transforms.gold import TABLES, zone_hour_csv
from course_lib.transforms.steps import Workspace
from course_lib.trips.columns import Columns
from course_lib.trips.schema import CANONICAL
from tests.transforms.oracle import COLUMNS, Row

PUBLISHED = COLUMNS[:-2]
EXTREME = (2**31 - 1, -(2**31 - 1), -(2**31))
WHOLE = ("distance_m", "fare_cents", "tip_cents", "tolls_cents", "surcharges_cents", "total_cents", "vehicle_id")
BEYOND = (datetime(1899, 12, 31), datetime(2101, 1, 1))
STARTS = (
    datetime(2020, 10, 1), datetime(2020, 9, 30, 23, 59, 59), datetime(2020, 10, 31, 23, 59, 59),
    datetime(2020, 10, 12, 7, 30), datetime(1969, 12, 31, 23, 59, 59), datetime(1970, 1, 1),
    datetime(1900, 1, 1), datetime(2100, 12, 31, 22), datetime(2008, 12, 31, 12),
)  # fmt: skip

# One odd value each: beyond the type, at its edge, null, or what a rule is about.
ODD: tuple[tuple[str, Any], ...] = (
    *((name, None) for name in PUBLISHED),
    *((name, end) for name in (*WHOLE, "passengers", "vendor_id") for end in EXTREME),
    *(("trip_id", end) for end in (2**63 - 1, -(2**63), 0, -1)),
    *((name, zone) for name in ("pickup_zone", "dropoff_zone") for zone in (264, 265, 0, -1, 266, 999, 1, 263)),
    *((name, at) for name in ("pickup_at", "dropoff_at", "updated_at") for at in BEYOND),
    *(("fare_cents", cents) for cents in (0, -1, 1, -500, 500, -500, 500)),
    *(("distance_m", metres) for metres in (0, -1, 1, 160_934, 160_935)),
    *(("passengers", people) for people in (0, -1, 32_767, 32_768)),
    *(("rate_code", code) for code in (32_767, 32_768, -32_768, -32_769)),
    *(("vehicle_id", vehicle) for vehicle in (-1, -7, 0, 5)),
    ("service", "uber"), ("service", ""), ("operator", "B02512"), ("updated_at", datetime(1900, 1, 1)),
)  # fmt: skip
GOOD: Row = dict.fromkeys(PUBLISHED) | {
    "trip_id": 1, "service": "green", "vendor_id": 2, "rate_code": 1, "payment_type": 1, "passengers": 1,
    "pickup_at": STARTS[0], "dropoff_at": STARTS[0] + timedelta(minutes=10), "pickup_zone": 7, "dropoff_zone": 9,
    "distance_m": 1500, "fare_cents": 500, "tip_cents": 0, "tolls_cents": 0, "surcharges_cents": 50,
    "total_cents": 550,
}  # fmt: skip
NO_CODES = {"vendor_id": None, "rate_code": None, "payment_type": None, "passengers": None}


@st.composite
def trips(draw: st.DrawFn) -> Row:
    """A row that is good, but for up to four odd values; ids, places and times are few, so that rows meet."""
    start = draw(st.sampled_from(STARTS))
    row = GOOD | {
        "trip_id": draw(st.integers(1, 9)),
        "service": draw(st.sampled_from(("green", "green", "yellow", "fhv", "fhvhv"))),
        "pickup_at": start,
        "dropoff_at": start + timedelta(seconds=draw(st.sampled_from((600, 600, 1, 0, -1, 82_800, 82_801)))),
        "pickup_zone": draw(st.sampled_from((7, 7, 8))),
        "fare_cents": draw(st.sampled_from((500, 500, 750))),
        "vehicle_id": draw(st.sampled_from((None, 1, 2))),
        "updated_at": draw(st.sampled_from((None, start, start, start + timedelta(days=1)))),
    }
    if draw(st.integers(0, 5)) == 5:
        row |= NO_CODES
    return row | dict(draw(st.lists(st.sampled_from(ODD), max_size=4)))


def columns(rows: Sequence[Row]) -> Columns:
    """Canonical rows in memory."""
    return Columns(pa.Table.from_pylist(list(rows), CANONICAL))


NAMES = (
    "green_2020-10.parquet", "b.parquet", "B.parquet", "a/2020-09.parquet", "z/trips_2020-10.parquet", "Ä.parquet",
    "trips_202011.parquet", "a b'c.parquet",
)  # fmt: skip


class Size(NamedTuple):
    """The limits of transforms/plan.py, made small so that small inputs are cut into many pieces."""

    unit: int
    small: int
    strays: int
    hashes: int


SIZES = st.builds(
    Size, st.sampled_from((1, 3, 1000)), st.sampled_from((0, 1, 3, 1000)), st.sampled_from((2, 7, 1000)),
    st.sampled_from((3, 10, 1000)),
)  # fmt: skip


class Input(NamedTuple):
    """A file to be: its rows, and how they are written."""

    name: str
    rows: list[Row]
    group: int  # rows of a row group
    plain: bool  # the canonical types to the letter; otherwise ingestion has to convert


INPUTS = st.lists(
    st.builds(Input, st.sampled_from(NAMES), st.lists(trips(), max_size=14), st.integers(1, 9), st.booleans()),
    min_size=1, max_size=4, unique_by=lambda file: file.name,
)  # fmt: skip


def write(folder: Path, files: Sequence[Input]) -> list[Path]:
    """The files below `folder`; their paths."""
    paths = []
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = pa.schema([(name, CANONICAL.field(name).type) for name in PUBLISHED])
        table = pa.Table.from_pylist(file.rows, schema=schema)
        if not file.plain:
            table = table.set_column(5, "passengers", table["passengers"].cast(pa.int64()))
            table = table.select(list(reversed(PUBLISHED)))
        pq.write_table(table, path, row_group_size=file.group)
        paths.append(path)
    return paths


@contextmanager
def cut_into(size: Size) -> Iterator[None]:
    """A block in which the plan's limits are those of `size`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan.units, "__defaults__", (size.unit,))
        patch.setattr(bronze, "UNIT", size.unit)
        for reader in (index, refine):
            patch.setattr(reader, "SMALL", size.small)
        for name in ("strays", "hashes"):
            patch.setattr(batch, name.upper(), getattr(size, name))
        steps._candidates.cache_clear()
        yield


class Built(NamedTuple):
    """What a run of the batch path has made."""

    silver: Silver
    gold: dict[str, Any]
    tables: Path

    def rows(self, parts: Sequence[str]) -> list[Row]:
        return [row for part in parts for row in layout.read_table(self.tables / part).to_pylist()]

    @property
    def silver_parts(self) -> list[str]:
        return [part for parts in self.silver.parts.values() for part in parts]

    @property
    def files(self) -> list[str]:
        """What would be published."""
        return [*self.silver_parts, *self.silver.quarantine, *(f"gold/{name}.parquet" for name in self.gold)]

    @property
    def digests(self) -> dict[str, str]:
        return {name: digests.of_file(self.tables / name) for name in self.files}

    @property
    def demand(self) -> str:
        return zone_hour_csv(layout.read_table(self.tables / "gold/zone_hour.parquet"))


def build(inputs: Sequence[Path | str], work: Path, run: batch.Executor = in_this_process) -> Built:
    """The batch path over `inputs` in the workspace `work`."""
    found = discover(inputs)
    assert not found.unreadable, found.unreadable
    space = Workspace(work)
    landed = batch.land(run, space, found.files)
    silver = batch.refine(run, space, landed)
    return Built(silver, batch.gold(run, space, silver, list(TABLES)), space.tables)


def audited(built: Built) -> list[tuple[str, str]]:
    """The checks of the audit that fail, each with what was found."""
    silver, ids = built.silver, built.tables.parent / "scratch" / "audit"
    shares = 1 + len(silver.parts) % 3
    seen = [audit.examine(built.tables, partition, parts, ids, shares) for partition, parts in silver.parts.items()]
    repeated = audit.repeats(ids, list(silver.parts), shares)
    gold = layout.read_table(built.tables / "gold/zone_hour.parquet")
    quarantined = audit.count_rows(built.tables, silver.quarantine)
    return audit.failures(silver, seen, repeated, quarantined, audit.gold_trips(gold))
