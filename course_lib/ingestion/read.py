"""How does a trip file become bronze, batch by batch?

`read_bronze` is the one door: whatever the file's format, header and state, its records come out in their order, in
tables of one schema, none lost. Memory is bounded by the batch.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from course_lib.ingestion import csv_file, parquet_file
from course_lib.ingestion.discover import SourceFile

BATCH_ROWS = 1 << 19


def bronze_schema(file: SourceFile) -> pa.Schema:
    """The schema of every batch of `file`: BRONZE, then the columns kept under their own names.

    Raises UnreadableFile where a Parquet file has changed or vanished since it was discovered.
    """
    return (parquet_file if file.format == "parquet" else csv_file).bronze_schema(file)


def read_bronze(file: SourceFile, batch_rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """The records of `file` in their order, in tables of at most `batch_rows` rows (fewer where lines are long).

    Raises UnreadableFile where the file turns out to be broken half way; how many rows were read is in its words.
    """
    read = parquet_file.read_bronze if file.format == "parquet" else csv_file.read_bronze
    yield from read(file, batch_rows)
