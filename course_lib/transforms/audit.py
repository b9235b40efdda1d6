"""Does what was built keep its promises? Asked of the files themselves, before anyone sees them.

The counts that the steps reported are compared with the rows that lie in the files, and silver is read once more for
what no single step could see: that each trip_id stands once in all of it, and every row in its partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.storage import layout
from course_lib.transforms.batch import Silver
from course_lib.transforms.gold import TABLES
from course_lib.transforms.keys import id_hashes, repeated
from course_lib.trips.columns import Columns
from course_lib.trips.schema import SERVICES


def examine(tables: Path, partition: str, parts: Sequence[str]) -> dict[str, Any]:
    """What one partition `service=…/month=…` of silver holds.

    returns rows; strangers: rows of another service or month; nulls: by column; zone_hour_trips: rows that
    gold must count; repeated: hashes of trip_ids that occur more than once in it
    """
    service, month = (piece.split("=", 1)[1] for piece in partition.split("/"))
    first = np.datetime64(month, "M").astype("datetime64[us]").astype(np.int64)
    after = (np.datetime64(month, "M") + 1).astype("datetime64[us]").astype(np.int64)
    rows = strangers = counted = 0
    nulls: dict[str, int] = {}
    hashes = []
    wanted = sorted({"trip_id", "service", *TABLES["zone_hour"].reads})
    for part in parts:
        with layout.open_table(tables / part) as file:
            rows += file.metadata.num_rows
            _add_nulls(nulls, file.metadata)
            for group in range(file.num_row_groups):
                trips = Columns(file.read_row_group(group, columns=wanted, use_threads=False).combine_chunks())
                at = trips.values("pickup_at")
                inside = (at >= first) & (at < after) & (trips.values("service") == SERVICES.index(service))
                strangers += int(np.count_nonzero(~inside))
                counted += int(TABLES["zone_hour"].state(trips).sums["trips"].sum())
                hashes.append(id_hashes(trips))
    again = repeated(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint32)
    return {
        "rows": rows,
        "strangers": strangers,
        "nulls": nulls,
        "zone_hour_trips": counted,
        "repeats": _same(tables, parts, again),
    }


def failures(
    silver: Silver, seen: Sequence[dict[str, Any]], quarantined: int, gold_trips: int
) -> list[tuple[str, str]]:
    """The checks that failed, each with what was found; empty when all is well.

    seen          what `examine` says of every partition
    quarantined   rows that lie in the quarantine table
    gold_trips    trips that the zone_hour table counts
    """
    found = []
    for file in silver.files:
        out = file.rows_silver + file.rows_quarantined + file.rows_duplicate
        if file.rows_read != out:
            found.append(("rows are conserved", f"{file.path}: {file.rows_read} read, {out} accounted for"))
    for name, told, held in (
        ("silver holds what was counted", silver.total("rows_silver"), sum(s["rows"] for s in seen)),
        ("quarantine holds what was counted", silver.total("rows_quarantined"), quarantined),
        ("gold counts silver's trips", sum(s["zone_hour_trips"] for s in seen), gold_trips),
        ("each row lies in its partition", 0, sum(s["strangers"] for s in seen)),
        ("each trip_id stands once", 0, sum(s["repeats"] for s in seen)),
    ):
        if told != held:
            found.append((name, f"expected {told}, found {held}"))
    return found


def _same(tables: Path, parts: Sequence[str], hashes: np.ndarray) -> int:
    """How many rows have a trip_id that another row has too; `hashes` are those of all candidates."""
    if not len(hashes):
        return 0
    kept = []
    for part in parts:
        with layout.open_table(tables / part) as file:
            for group in range(file.num_row_groups):
                trips = Columns(file.read_row_group(group, columns=["trip_id"], use_threads=False).combine_chunks())
                place = np.searchsorted(hashes, own := id_hashes(trips))
                place[place == len(hashes)] = 0
                kept.append(trips.values("trip_id")[hashes[place] == own])
    ids = np.concatenate(kept)
    return len(ids) - len(np.unique(ids))


def _add_nulls(nulls: dict[str, int], metadata: pq.FileMetaData) -> None:
    """Nulls by column, from the statistics in the file's footer."""
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for i in range(row_group.num_columns):
            column = row_group.column(i)
            if column.statistics is not None and column.statistics.has_null_count:
                nulls[column.path_in_schema] = nulls.get(column.path_in_schema, 0) + column.statistics.null_count


def count_rows(tables: Path, parts: Sequence[str]) -> int:
    """How many rows lie in some Parquet files."""
    return sum(pq.read_metadata(tables / part).num_rows for part in parts)


def gold_trips(table: pa.Table) -> int:
    """How many trips a zone_hour table counts."""
    return int(np.sum(table["trips"].to_numpy()))
