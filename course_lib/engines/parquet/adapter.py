"""How does someone with nothing but Parquet files keep a table that others read while it changes?

Parquet is a file format: it knows columns, not tables. Nothing in it says which files belong together, what the table
was yesterday, or which of two writers was first. What people build instead, and what this file shows, is a convention
of ours:

    versions/000001/part-0.parquet    a version is a folder that never changes once it has its name
    versions/000002/part-0.parquet    the next one holds the whole table again
    current                           the number of the version that readers see

A writer builds a new folder beside the others, and then swaps the pointer by compare-and-set: only if it still names
the version that the work began from. Delta Lake and Iceberg are this idea with a list of files instead of a folder, so
that a version does not cost a copy of the table.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from course_lib.errors import LateWrite


def create(table: Path, rows: Path) -> str:
    """A new table with the rows of a Parquet file; its version."""
    (table / "versions").mkdir(parents=True)
    return publish(table, pq.read_table(rows), seen=None)


def append(table: Path, rows: Path) -> str:
    """The table with more rows; the new version."""
    seen = current(table)
    return publish(table, pa.concat_tables([contents(table, seen), pq.read_table(rows)]), seen)


def correct(table: Path, rows: Path, before_commit: Callable[[], None]) -> str:
    """The table with each row of `rows` in the place of the one with its trip_id; the new version."""
    seen, change = current(table), pq.read_table(rows)
    old = contents(table, seen)
    untouched = old.filter(pc.invert(pc.is_in(old["trip_id"], value_set=change["trip_id"])))
    before_commit()
    return publish(table, pa.concat_tables([untouched, change]), seen)


def read(table: Path, answer: Path, version: str | None = None) -> None:
    """Write all rows of the table to one Parquet file, as they are now or as they were in a version."""
    pq.write_table(contents(table, version or current(table)), answer)


def current(table: Path) -> str | None:
    """The version that readers see."""
    pointer = table / "current"
    return pointer.read_text() if pointer.exists() else None


def contents(table: Path, version: str | None) -> pa.Table:
    """The rows of a version."""
    assert version is not None
    return pq.read_table(table / "versions" / version)


def publish(table: Path, rows: pa.Table, seen: str | None) -> str:
    """Make `rows` the next version, if `seen` is still the current one; raises LateWrite if it is not."""
    beside = Path(tempfile.mkdtemp(prefix=".tmp-", dir=table / "versions"))  # readers look at names they were told
    pq.write_table(rows, beside / "part-0.parquet")
    sync(beside / "part-0.parquet")
    # Compare and set. Between looking at the pointer and changing it nobody else may do so, hence the lock; the
    # operating system lets go of it when we are killed.
    with (table / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := current(table)) != seen:
            shutil.rmtree(beside)
            raise LateWrite(seen, found)
        version = f"{int(seen or 0) + 1:06}"
        target = table / "versions" / version
        if target.exists():  # of a writer that was killed between its folder and the pointer
            shutil.rmtree(target)
        os.replace(beside, target)
        pointer = table / ".current"
        pointer.write_text(version)
        sync(pointer)
        os.replace(pointer, table / "current")  # one step: a reader sees the old version or the new one
    return version


def sync(path: Path) -> None:
    """Have the disk keep it, so that a power cut finds no pointer to what was never written."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
