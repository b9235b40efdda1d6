"""What becomes of the rows of one unit of bronze?

    unit ──> verdicts ─┬─> quarantine            broke a rule of severity error
                       ├─> pending               negative fares whose reason depends on rows elsewhere
                       ├─> silver                good, and its trip_id occurs nowhere else
                       ├─> strays                good, but to be compared with, or stored with, rows of other units
                       └─> nowhere               a newer version of the trip stands in this unit: a duplicate
             twins: the keys of rows that may have a twin, good or bad

Every row takes exactly one of the five ways. Silver and quarantine are final; strays and pending rows
are few, and are settled in resolve.py when all units are refined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.bronze import read_unit
from course_lib.transforms.keys import TWIN_FIELDS, Candidates, finalise, id_hashes, twin_hashes
from course_lib.transforms.newest import newest
from course_lib.transforms.plan import SMALL, Unit
from course_lib.trips.columns import SECOND, Columns
from course_lib.trips.contract import BIT, ERRORS
from course_lib.trips.schema import CANONICAL, SERVICES
from course_lib.validation.checks import counts, verdicts
from course_lib.validation.quarantine import quarantine

_NEGATIVE = np.int32(1 << BIT["negative_fare"])
_DAY = 86_400 * SECOND
_NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Buckets:
    """Into how many buckets strays and twin keys are cut, and hashes were."""

    strays: int
    twins: int
    hashes: int


@dataclass(frozen=True)
class Refined:
    """What happened to the rows of one unit, and the files that were written (relative to the tables folder)."""

    rows: int
    silver: int
    quarantined: int
    duplicate: int
    strays: int
    pending: int
    broken: dict[str, int]  # rule name -> rows, except what depends on twins
    outputs: tuple[str, ...]

    as_dict = asdict


def refine(unit: Unit, ids: Candidates, twins: Candidates, buckets: Buckets, tables: Path, scratch: Path) -> Refined:
    """Send each row of `unit` its way. Final parts go below `tables`, the rest below `scratch`."""
    bronze = read_unit(unit)
    trips = Columns(bronze)
    found = verdicts(trips, unit.file.published, unit.file.month)
    refused = found & np.int32(ERRORS) != 0

    twin, hashes = _may_have_twin(trips, unit, twins)
    pending = twin & (found & _NEGATIVE != 0)
    stray = ~refused & ids.contains(id_hashes(trips))
    direct = ~refused & ~stray

    files = []
    cut = partitions(trips, direct)
    for part in cut:
        if len(part.rows) < SMALL:
            stray[part.rows] = True
    large = [part for part in cut if len(part.rows) >= SMALL]
    for part, silver in zip(large, pieces(bronze.select(CANONICAL.names), large), strict=True):
        name = f"silver/{part.name}/part-{unit.name}.parquet"
        layout.write_table(silver, tables / name, sync=False)
        files.append(name)
    written = sum(len(part.rows) for part in large)

    final = refused & ~pending
    if final.any():
        name = f"quarantine/part-{unit.name}.parquet"
        refusals = quarantine(bronze.filter(pa.array(final)), found[final])
        layout.write_table(refusals, tables / name, sync=False)
        files.append(name)

    strays = bronze.filter(pa.array(stray)).select(CANONICAL.names)
    # The newest of the newest is the newest: of each trip_id one row goes on, so that a trip_id in every row of the
    # input makes no bucket that holds every row.
    newer = strays.filter(pa.array(newest(strays)))
    if newer.num_rows:
        _write_buckets(
            newer, _bucket_of_ids(newer, buckets.strays), buckets.strays, scratch / f"strays-{unit.name}.parquet"
        )
    if twin.any():
        bucket = (hashes[twin] % np.uint32(buckets.twins)).astype(np.int64)
        keys = bronze.filter(pa.array(twin)).select(["trip_id", "service", *TWIN_FIELDS, "fare_cents"])
        keys = keys.append_column("pending", pa.array(pending[twin].astype(np.int32)))
        _write_buckets(keys, bucket, buckets.twins, scratch / f"twins-{unit.name}.parquet")
    if pending.any():
        bucket = (hashes[pending] % np.uint32(buckets.twins)).astype(np.int64)
        rows = bronze.filter(pa.array(pending)).select([*CANONICAL.names, "raw"])
        rows = rows.append_column("found", pa.array(found[pending]))
        _write_buckets(rows, bucket, buckets.twins, scratch / f"pending-{unit.name}.parquet")

    return Refined(
        rows=trips.rows,
        silver=written,
        quarantined=int(np.count_nonzero(refused)),
        duplicate=strays.num_rows - newer.num_rows,
        strays=newer.num_rows,
        pending=int(np.count_nonzero(pending)),
        broken=counts(np.where(pending, found & ~_NEGATIVE, found)),
        outputs=tuple(files),
    )


def _may_have_twin(trips: Columns, unit: Unit, twins: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are candidates for a twin, and the hashes of all (n,) uint32."""
    if not unit.file.published.issuperset(TWIN_FIELDS):
        return np.zeros(trips.rows, bool), np.zeros(trips.rows, np.uint32)
    hashes = twin_hashes(trips)
    found, known = twins.contains(hashes), trips.valid("pickup_at")
    return (found if known is None else found & known), hashes


class Partition(NamedTuple):
    """A partition of silver, `service=…/month=…`, and the numbers of its rows in a table, ascending."""

    name: str
    rows: np.ndarray


def partitions(trips: Columns, wanted: np.ndarray) -> list[Partition]:
    """The partitions of the rows where `wanted` (n,) bool, by service and month."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return []
    days = (trips.values("pickup_at") // _DAY)[rows]
    first, last = int(days.min()), int(days.max())
    months = np.arange(first, last + 1).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    n_months = int(months[-1] - months[0]) + 1
    which = months[days - first] - months[0]
    which += trips.values("service")[rows] * np.int64(n_months)
    sizes = np.bincount(which)
    if np.count_nonzero(sizes) > 1:
        # Small numbers are sorted by radix; stable, so that the rows of a partition keep their order.
        rows = rows[np.argsort(which.astype(np.uint16) if len(sizes) < 1 << 16 else which, kind="stable")]
    ends = np.cumsum(sizes)
    return [
        Partition(
            _label(int(value) // n_months, int(months[0]) + int(value) % n_months),
            rows[ends[value] - sizes[value] : ends[value]],
        )
        for value in np.flatnonzero(sizes)
    ]


def pieces(table: pa.Table, parts: Sequence[Partition]) -> list[pa.Table]:
    """The rows of each partition; `table` is gone through once, however many there are."""
    if len(parts) == 1 and len(parts[0].rows) == table.num_rows:
        return [table]
    ends = np.cumsum([len(part.rows) for part in parts])
    taken = table.take(pa.array(np.concatenate([_NO_ROWS, *(part.rows for part in parts)])))
    return [taken.slice(end - len(part.rows), len(part.rows)) for part, end in zip(parts, ends, strict=True)]


def _label(service: int, month: int) -> str:
    """month: since January 1970."""
    return f"service={SERVICES[service]}/month={np.datetime64(month, 'M')}"


def _bucket_of_ids(trips: pa.Table, buckets: int) -> np.ndarray:
    hashes = finalise(Columns(trips).values("trip_id").astype(np.int64, copy=True).view(np.uint64))
    return (hashes % np.uint64(buckets)).astype(np.int64)


def _write_buckets(table: pa.Table, bucket: np.ndarray, buckets: int, out: Path) -> None:
    """One row group a bucket, empty ones too, so that a reader finds bucket b as row group b."""
    with replacing(out, sync=False) as beside, pq.ParquetWriter(beside, table.schema, store_schema=False) as writer:
        for number in range(buckets):
            rows = table.filter(pa.array(bucket == number)) if buckets > 1 else table
            writer.write_table(rows, row_group_size=max(rows.num_rows, 1))  # never split, however large
