"""How are the records of a Parquet file read?

Row groups are streamed, however large they are. The course's own files need no conversion: their columns are taken
as they are after a look at their smallest and largest values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from course_lib.errors import UnreadableFile
from course_lib.ingestion import bronze
from course_lib.ingestion.bronze import Batch, Canoniser
from course_lib.ingestion.convert import SLICE
from course_lib.ingestion.discover import SourceFile
from course_lib.ingestion.numerals import as_text, sound
from course_lib.ingestion.sniff import brief, open_parquet
from course_lib.ingestion.text_blocks import unreadable
from course_lib.trips.headers import HeaderVersion, match, normal, passed_over

_REMEDY = "Fetch or copy it again."


def bronze_schema(file: SourceFile) -> pa.Schema:
    """The schema of every batch: kept columns have the type they were published with, odd types become strings."""
    with _open(file) as parquet:
        return _schema(parquet.schema_arrow, file.header)


def read_bronze(file: SourceFile, batch_rows: int) -> Iterator[pa.Table]:
    """The records of `file` in their order, in tables of at most `batch_rows` rows."""
    rows = 0
    own = ["service"] if file.header.service is None else None
    with _open(file, own) as parquet:
        published = parquet.schema_arrow
        match(file.given, published.names, file.service)
        canoniser = Canoniser(file.header, file.name, _schema(published, file.header))
        wanted = [name for name in published.names if not passed_over(name)]
        batches = parquet.iter_batches(batch_rows, columns=wanted, use_threads=False)
        expected = parquet.metadata.num_rows
        while True:
            try:
                batch = next(batches, None)
                if batch is not None:
                    batch = pa.RecordBatch.from_arrays([sound(column) for column in batch.columns], names=wanted)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise _damaged(file, brief(error), rows) from error
            if batch is None:
                break
            rows += batch.num_rows
            yield _bronze(batch, canoniser)
    if rows != expected:
        raise _damaged(file, f"its footer promises {expected:,} rows", rows)


def _bronze(batch: pa.RecordBatch, canoniser: Canoniser) -> pa.Table:
    """The bronze of a batch; converted in slices, so that the numbers stay in the processor's cache."""
    step = SLICE if canoniser.header.service else max(1, batch.num_rows)  # canonical columns are not converted
    slices = [canoniser.bronze(as_batch(batch.slice(at, step))) for at in range(0, batch.num_rows, step)]
    return pa.concat_tables(slices)


def as_batch(batch: pa.RecordBatch) -> Batch:
    """A batch of published columns under their normalised names."""
    columns = {normal(name): column for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    return Batch(batch.num_rows, columns, lambda rows: _told(batch.take(pa.array(rows))))


def _told(batch: pa.RecordBatch) -> pa.Array:
    """Each row as a JSON object of its published values, nulls left out."""
    pieces = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        told = _json(column)
        label = pa.scalar(json.dumps(name) + ": ", pa.string())
        pieces.append(pc.binary_join_element_wise(label, told, ""))
    inside = pc.binary_join_element_wise(*pieces, ", ", null_handling="skip")
    return pc.binary_join_element_wise("{", inside, "}", "")


def _json(column: pa.Array) -> pa.Array:
    """Each value as JSON: numbers bare, everything else quoted, NaN as null."""
    kind = column.type
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        finite = pc.is_finite(column)
        return pc.if_else(finite, column.cast(pa.string()), None)
    if pa.types.is_integer(kind):
        return column.cast(pa.string())
    if not pa.types.is_dictionary(kind):
        column = as_text(column).dictionary_encode()
    words = as_text(column.dictionary).to_pylist()
    told = [None if word is None else json.dumps(word, ensure_ascii=False) for word in words]
    return pa.array(told, pa.string()).take(column.indices)


def _schema(published: pa.Schema, header: HeaderVersion) -> pa.Schema:
    types = {normal(field.name): field.type for field in published}
    kept = [column for column in header.columns if column.kind.startswith("kept")]
    return bronze.schema([(column.name, _kept_type(types[normal(column.name)])) for column in kept])


def _kept_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    plain = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_date,
        pa.types.is_decimal,
    )  # fmt: skip
    return kind if any(is_plain(kind) for is_plain in plain) else pa.string()


def _open(file: SourceFile, dictionaries: list[str] | None = None) -> pq.ParquetFile:
    try:
        return open_parquet(file.path, file.given, dictionaries)
    except OSError as error:
        raise unreadable(file.given, error) from error


def _damaged(file: SourceFile, why: str, rows: int) -> UnreadableFile:
    return UnreadableFile(file.given, f"its data are damaged: {why} ({rows:,} rows could be read before)", _REMEDY)
