"""How are the records of a CSV file read?

Text blocks are cut into records (lines.py), which pyarrow parses into columns of strings; the values are judged
later (convert.py). Columns whose values repeat are parsed into dictionaries, so each different value is converted once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from course_lib.ingestion import bronze
from course_lib.ingestion.bronze import Batch, Canoniser
from course_lib.ingestion.convert import FEW, MANY
from course_lib.ingestion.discover import SourceFile
from course_lib.ingestion.lines import Records, TextHeader, records
from course_lib.ingestion.sniff import text_header
from course_lib.ingestion.text_blocks import BLOCK, TextBroken, open_bytes, unreadable
from course_lib.trips.headers import HeaderVersion, match, normal, passed_over

_ROW_BYTES = 64  # a short row; blocks of so many bytes a row seldom have more rows than asked for


def bronze_schema(file: SourceFile) -> pa.Schema:
    """The schema of every batch: kept columns are strings."""
    kept = (column.name for column in file.header.columns if column.kind.startswith("kept"))
    return bronze.schema([(name, pa.string()) for name in kept])


def read_bronze(file: SourceFile, batch_rows: int) -> Iterator[pa.Table]:
    """The records of `file` in their order, in tables of at most `batch_rows` rows."""
    canoniser = Canoniser(file.header, file.name, bronze_schema(file))
    try:
        with open_bytes(file.path) as stream:
            header, blocks = text_header(stream, file.given, min(BLOCK, batch_rows * _ROW_BYTES))
            match(file.given, header.names, file.service)
            for block in blocks:
                table = canoniser.bronze(_batch(block, header, file.header))
                for start in range(0, table.num_rows, batch_rows):
                    yield table.slice(start, batch_rows)
    except (OSError, TextBroken) as error:
        raise unreadable(file.given, error, canoniser.rows) from error


def _batch(block: bytes, header: TextHeader, version: HeaderVersion) -> Batch:
    found = records(block, header)
    rows = len(found.starts)
    kinds = {normal(column.name): column.kind for column in version.columns}
    names = [normal(name) for name in header.names]
    columns = _parse(found, header.delimiter, [pa.string() if kinds.get(name) in MANY else FEW for name in names])
    surplus = np.zeros(rows, bool)
    for column in columns[len(names) :]:  # named by nobody: empty, or the line is no record of this table
        surplus |= _speaks(column)
    if surplus.any():
        columns = [_without(column, surplus) for column in columns]
    kept = {name: column for name, column in zip(names, columns, strict=False) if not passed_over(name)}
    return Batch(rows, kept, found.raw, found.unparseable | surplus)


def _parse(found: Records, delimiter: str, types: list[pa.DataType]) -> list[pa.Array]:
    """The columns of the records; those that the header does not name come last."""
    names = [str(i) for i in range(found.width)]
    types = types + [FEW] * (found.width - len(types))
    if not len(found.starts):
        return [pa.array([], kind) for kind in types]
    table = csv.read_csv(
        pa.BufferReader(found.text),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(found.text) + 1, column_names=names),
        parse_options=csv.ParseOptions(delimiter=delimiter, quote_char='"' if found.quoted else False),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict(zip(names, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    if table.num_rows != len(found.starts):
        raise AssertionError(f"{len(found.starts)} records were found, {table.num_rows} parsed")
    return [column.combine_chunks() for column in table.columns]


def _speaks(column: pa.DictionaryArray) -> np.ndarray:
    """Where a column of strings is more than spaces."""
    speaks = np.array([bool(text.strip()) for text in column.dictionary.to_pylist()] + [False])
    return speaks[pc.fill_null(column.indices, len(speaks) - 1).to_numpy()]


def _without(column: pa.Array, rows: np.ndarray) -> pa.Array:
    """The column with nulls in some rows."""
    return column.take(pa.array(np.arange(len(column)), mask=rows))
