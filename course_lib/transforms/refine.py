"""What becomes of the rows of one unit of bronze?

    unit ──> verdicts ─┬─> quarantine            broke a rule of severity error
                       ├─> pending               negative fares whose reason depends on rows elsewhere
                       ├─> silver                good, and its trip_id occurs nowhere else
                       └─> strays                good, but to be compared with, or stored with, rows of other units
             twins: the keys of rows that may have a twin, good or bad

Every row takes exactly one of the four ways. Silver and quarantine are final; strays and pending rows
are few, and are settled in resolve.py when all units are refined.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.bronze import read_unit
from course_lib.transforms.keys import TWIN_FIELDS, Candidates, finalise, id_hashes, twin_hashes
from course_lib.transforms.plan import SMALL, Unit
from course_lib.trips.columns import Columns
from course_lib.trips.contract import BIT, ERRORS
from course_lib.trips.schema import CANONICAL, SERVICES
from course_lib.validation.checks import counts, verdicts
from course_lib.validation.quarantine import quarantine

_NEGATIVE = np.int32(1 << BIT["negative_fare"])
_MONTHS = 1 << 16  # months are packed beside the service; +_MONTHS/2 keeps years before 1970 positive


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
    for (service, month), rows in partitions(trips, direct):
        if (trips.rows if rows is None else np.count_nonzero(rows)) < SMALL:
            stray |= direct if rows is None else rows
            continue
        name = f"silver/service={service}/month={month}/part-{unit.name}.parquet"
        silver = bronze.select(CANONICAL.names)
        layout.write_table(silver if rows is None else silver.filter(pa.array(rows)), tables / name, sync=False)
        files.append(name)
    written = int(np.count_nonzero(direct & ~stray))

    final = refused & ~pending
    if final.any():
        name = f"quarantine/part-{unit.name}.parquet"
        refusals = quarantine(bronze.filter(pa.array(final)), found[final])
        layout.write_table(refusals, tables / name, sync=False)
        files.append(name)

    if stray.any():
        kept = bronze.filter(pa.array(stray)).select(CANONICAL.names)
        bucket = _bucket_of_ids(kept, buckets.strays)
        _write_buckets(kept, bucket, buckets.strays, scratch / f"strays-{unit.name}.parquet")
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
        strays=int(np.count_nonzero(stray)),
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


def partitions(trips: Columns, rows: np.ndarray) -> list[tuple[tuple[str, str], np.ndarray | None]]:
    """The partitions (service, month) of the rows marked, each with its mask; None as mask means every row."""
    if not rows.any():
        return []
    months = trips.values("pickup_at").view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    packed = trips.values("service").astype(np.int64) * _MONTHS + months + _MONTHS // 2
    marked = packed if rows.all() else packed[rows]
    distinct = [int(value) for value in np.unique(marked)] if marked.min() != marked.max() else [int(marked[0])]
    found: list[tuple[tuple[str, str], np.ndarray | None]] = []
    for value in distinct:
        service, month = divmod(value, _MONTHS)
        label = (SERVICES[service], str(np.datetime64(month - _MONTHS // 2, "M")))
        whole = len(distinct) == 1 and len(marked) == trips.rows
        found.append((label, None if whole else (packed == value) & rows))
    return found


def _bucket_of_ids(trips: pa.Table, buckets: int) -> np.ndarray:
    hashes = finalise(Columns(trips).values("trip_id").astype(np.int64, copy=True).view(np.uint64))
    return (hashes % np.uint64(buckets)).astype(np.int64)


def _write_buckets(table: pa.Table, bucket: np.ndarray, buckets: int, out: Path) -> None:
    """One row group a bucket, empty ones too, so that a reader finds bucket b as row group b."""
    with replacing(out, sync=False) as beside, pq.ParquetWriter(beside, table.schema, store_schema=False) as writer:
        for number in range(buckets):
            rows = table.filter(pa.array(bucket == number)) if buckets > 1 else table
            writer.write_table(rows, row_group_size=max(rows.num_rows, 1))  # never split, however large
