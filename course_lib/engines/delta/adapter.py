"""How does a Delta Lake user keep a table that others read while it changes?

A Delta table is a folder of Parquet files and a log, `_delta_log/`, of numbered JSON files: commit n says which files
come in and which go out. A version is the log up to n. A commit is the creation of the next number, which only one
writer can do; whoever comes second looks at what came between, and is refused where both touched the same files.

The engine behind `deltalake` is delta-rs: no Spark, no Java. DataFrames go in and out as Arrow tables.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake


def create(table: Path, rows: Path) -> str:
    """A new table with the rows of a Parquet file; its version."""
    write_deltalake(table, pq.read_table(rows))
    return str(DeltaTable(table).version())


def append(table: Path, rows: Path) -> str:
    """The table with more rows; the new version."""
    write_deltalake(table, pq.read_table(rows), mode="append")  # like to_parquet, with a commit at the end
    return str(DeltaTable(table).version())


def correct(table: Path, rows: Path, before_commit: Callable[[], None]) -> str:
    """The table with each row of `rows` in the place of the one with its trip_id; the new version.

    Raises CommitFailedError where somebody else changed the same files meanwhile: read again, then decide.
    """
    delta = DeltaTable(table)  # as it is now; the merge below is against this version
    change = pq.read_table(rows)
    before_commit()
    (
        delta.merge(change, predicate="old.trip_id = new.trip_id", source_alias="new", target_alias="old")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()  # until here nothing happened: the calls above describe, as SQL's MERGE does
    )
    return str(delta.version())


def read(table: Path, answer: Path, version: str | None = None) -> None:
    """Write all rows of the table to one Parquet file, as they are now or as they were in a version."""
    delta = DeltaTable(table, version=None if version is None else int(version))
    pq.write_table(delta.to_pyarrow_table(), answer)
