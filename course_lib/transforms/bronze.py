"""How does an input file become bronze, and how is a piece of bronze read back?

Bronze holds every record of the input once, in its order: the canonical columns, what could not be read, and under
their own names the published columns without a home (trips/schema.py). A Parquet file that is canonical already
and comes in row groups of moderate size is bronze as it lies: it is read in place, not copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.errors import UnreadableFile
from course_lib.ingestion import bronze
from course_lib.ingestion.canonical import canonical_columns
from course_lib.ingestion.discover import SourceFile, stop_if_changed
from course_lib.ingestion.names import is_text
from course_lib.ingestion.parquet_file import as_batch
from course_lib.ingestion.read import bronze_schema, read_bronze
from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.plan import UNIT, Bronze, Unit
from course_lib.trips import headers
from course_lib.trips.schema import BRONZE, NAMES

_MADE = {"source_file", "source_row", "problems", "raw"}  # columns that a canonical input does not have


def land(file: SourceFile, number: int, out: Path) -> Bronze:
    """Make bronze of one input, written to `out` unless it can be read in place.

    Raises UnreadableFile when the input turns out to be broken, or is changed meanwhile; nothing is left at `out` then.
    """
    if file.header.service is None and file.format == "parquet" and is_text(file.path):
        groups = _groups(file.path)
        if max(groups, default=0) <= 2 * UNIT and _plain(file.path):
            return _bronze(file, number, file.path, False, groups)
    with replacing(out, sync=False) as beside:
        with layout.writer(beside, bronze_schema(file)) as writer:
            for batch in read_bronze(file, UNIT):
                writer.write_table(batch, row_group_size=UNIT)
        groups = _groups(beside)
        stop_if_changed(file)
    return _bronze(file, number, out, True, groups)


def read_unit(unit: Unit, columns: Sequence[str] = tuple(BRONZE.names)) -> pa.Table:
    """The rows of a unit: the bronze `columns` asked for, strings that repeat as dictionaries.

    Raises UnreadableFile when an input that is read in place turns out to be damaged.
    """
    file = unit.file
    groups = range(unit.first, unit.last)
    if file.landed:
        with layout.open_table(file.path) as parquet:
            return parquet.read_row_groups(groups, columns=list(columns), use_threads=False).combine_chunks()
    header = headers.canonical()
    whole = not _MADE.isdisjoint(columns)
    wanted = [name for name in NAMES if name not in _MADE] if whole else list(columns)
    try:
        with layout.open_table(file.path) as parquet:
            table = parquet.read_row_groups(groups, columns=wanted, use_threads=False).combine_chunks()
        if not whole:
            asked = replace(header, columns=tuple(column for column in header.columns if column.name in columns))
            found, _ = canonical_columns(asked, {name: table[name].chunk(0) for name in columns})
            return pa.table({name: found[name] for name in columns})
        canoniser = bronze.Canoniser(header, file.name, bronze.schema([]))
        canoniser.rows = unit.before
        return canoniser.bronze(as_batch(table.to_batches()[0])).select(list(columns)).combine_chunks()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(file.given, f"its data are damaged: {error}", "Fetch or copy it again.") from error


def _plain(path: Path) -> bool:
    """Whether the columns are the canonical ones to the letter: names and types of layout.py's own files."""
    published = {field.name: field.type for field in pq.read_schema(path)}
    wanted = {name: BRONZE.field(name).type for name in NAMES if name not in _MADE}
    return published.keys() >= wanted.keys() and all(published[name] == kind for name, kind in wanted.items())


def _groups(path: Path) -> tuple[int, ...]:
    metadata = pq.read_metadata(path)
    sizes = (metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
    return tuple(sizes)


def _bronze(file: SourceFile, number: int, path: Path, landed: bool, groups: tuple[int, ...]) -> Bronze:
    return Bronze(
        number, str(path), file.name, file.given, file.header.name, landed, file.header.published, file.month, groups
    )
