"""How does an input file become bronze, and how is a piece of bronze read back?

Bronze holds every record of the input once, in its order: the canonical columns, what could not be read, and under
their own names the published columns without a home (trips/schema.py). A Parquet file that is canonical already
and comes in row groups of moderate size is bronze as it lies: it is read in place, not copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.ingestion.discover import SourceFile
from course_lib.ingestion.read import bronze_schema, read_bronze
from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.plan import UNIT, Bronze, Unit
from course_lib.trips.schema import BRONZE

_MADE = {"source_file", "source_row", "problems", "raw"}  # columns that a canonical input does not have


def land(file: SourceFile, number: int, out: Path) -> Bronze:
    """Make bronze of one input, written to `out` unless it can be read in place.

    Raises UnreadableFile when the input turns out to be broken on the way; then nothing is left at `out`.
    """
    with replacing(out) as beside:
        with layout.writer(beside, bronze_schema(file)) as writer:
            for batch in read_bronze(file, UNIT):
                writer.write_table(batch, row_group_size=UNIT)
        with pq.ParquetFile(beside) as parquet:
            groups = _groups(parquet)
    return _bronze(file, number, out, True, groups)


def read_unit(unit: Unit, columns: Sequence[str] = tuple(BRONZE.names)) -> pa.Table:
    """The rows of a unit: the bronze `columns` asked for, strings that repeat as dictionaries."""
    file = unit.file
    wanted = list(columns) if file.landed else [name for name in BRONZE.names if name not in _MADE]
    with layout.open_table(file.path) as parquet:
        if not file.landed and not {"problems", "raw"}.intersection(columns):
            wanted = [name for name in columns if name not in _MADE]
        table = parquet.read_row_groups(range(unit.first, unit.last), columns=wanted, use_threads=False)
    if not file.landed:
        table = canonical_batch(table, file.name, unit.before + 1)
    return table.select(list(columns)).combine_chunks()


def _groups(parquet: pq.ParquetFile) -> tuple[int, ...]:
    metadata = parquet.metadata
    return tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))


def _bronze(file: SourceFile, number: int, path: Path, landed: bool, groups: tuple[int, ...]) -> Bronze:
    return Bronze(
        number, str(path), file.name, file.given, file.header.name, landed, file.header.published, file.month, groups
    )
