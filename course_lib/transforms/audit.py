"""Does what was built keep its promises? Asked of the files themselves, before anyone sees them.

The counts that the steps reported are compared with the rows that lie in the files, and silver is read once more for
what no single step could see: that each trip_id stands once in all of it, and every row in its partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.batch import Silver
from course_lib.transforms.gold import TABLES
from course_lib.transforms.keys import finalise
from course_lib.transforms.plan import HASHES, buckets
from course_lib.trips.columns import Columns
from course_lib.trips.schema import SERVICES


def examine(tables: Path, partition: str, parts: Sequence[str], ids: Path, shares: int) -> dict[str, Any]:
    """What one partition `service=…/month=…` of silver holds; its trip_ids go to files below `ids`, in `shares`.

    returns rows; strangers: rows of another service or month; nulls: by column; zone_hour_trips: rows that
    gold must count
    """
    service, month = (piece.split("=", 1)[1] for piece in partition.split("/"))
    first = np.datetime64(month, "M").astype("datetime64[us]").astype(np.int64)
    after = (np.datetime64(month, "M") + 1).astype("datetime64[us]").astype(np.int64)
    rows = strangers = counted = 0
    nulls: dict[str, int] = {}
    wanted = sorted({"trip_id", "service", *TABLES["zone_hour"].reads})
    with ExitStack() as stack:
        paths = [_share(ids, partition, share) for share in range(shares)]
        files = [stack.enter_context(stack.enter_context(replacing(path, sync=False)).open("wb")) for path in paths]
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
                    _deal(trips.values("trip_id"), files)
    return {"rows": rows, "strangers": strangers, "nulls": nulls, "zone_hour_trips": counted}


def shares_of(rows: int) -> int:
    """Into how many shares the trip_ids of `rows` rows are dealt, so that one is sorted in bounded memory."""
    return buckets(rows, HASHES)


def repeats(ids: Path, partitions: Sequence[str], shares: int) -> int:
    """How many rows have a trip_id that a row before them has, in whatever partition; from the files of `examine`."""
    again = 0
    for share in range(shares):
        parts = [np.fromfile(_share(ids, partition, share), np.int64) for partition in partitions]
        dealt = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        dealt.sort()
        again += int(np.count_nonzero(dealt[1:] == dealt[:-1]))
    return again


def failures(
    silver: Silver, seen: Sequence[dict[str, Any]], repeated: int, quarantined: int, gold_trips: int
) -> list[tuple[str, str]]:
    """The checks that failed, each with what was found; empty when all is well.

    seen          what `examine` says of every partition
    repeated      what `repeats` says of them all
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
        ("each trip_id stands once", 0, repeated),
    ):
        if told != held:
            found.append((name, f"expected {told}, found {held}"))
    return found


def _share(ids: Path, partition: str, share: int) -> Path:
    return ids / f"{partition.replace('/', '.')}-{share}"


def _deal(ids: np.ndarray, files: Sequence[IO[bytes]]) -> None:
    """Append each id to the file of its share: equal ids to one file, whatever partition they come from."""
    if len(files) == 1:
        ids.tofile(files[0])
        return
    share = finalise(ids.astype(np.int64, copy=True).view(np.uint64)) % np.uint64(len(files))
    for number, file in enumerate(files):
        ids[share == number].tofile(file)


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
