"""How does a batch of published columns become bronze?

Bronze is the canonical columns, `problems`, `raw`, and what was published without a home among them under its own
name. Every batch of a file has the same schema. `service` and `source_file` are dictionary-encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.ingestion.canonical import canonical_columns
from course_lib.ingestion.convert import FEW, Values, as_array, as_kept, convert, texts
from course_lib.ingestion.identity import Repeats, column_key, trip_ids
from course_lib.trips.headers import Column, HeaderVersion, normal
from course_lib.trips.schema import BRONZE, PROBLEM, UNPARSEABLE

_INT32 = 2**31 - 1


class Batch:
    """n published rows: `columns` by normalised name, in the header's order, and the text of some rows."""

    def __init__(
        self,
        rows: int,
        columns: dict[str, pa.Array],
        raw: Callable[[np.ndarray], pa.Array | list[str]],  # row numbers -> their published text
        unparseable: np.ndarray | None = None,  # bool, n
    ):
        self.rows, self.columns, self.raw, self.unparseable = rows, columns, raw, unparseable


def schema(kept: Sequence[tuple[str, pa.DataType]]) -> pa.Schema:
    """The schema of bronze for a file with the columns `kept` (published name and type)."""
    fields = [field.with_type(FEW) if field.name in ("service", "source_file") else field for field in BRONZE]
    return pa.schema(fields + [pa.field(name, kind) for name, kind in kept])


class Canoniser:
    """What makes one file's batches bronze, in their order (the count of rows and of repeated rows goes on)."""

    def __init__(self, header: HeaderVersion, source_file: str, target: pa.Schema):
        self.header, self.source_file, self.target = header, source_file, target
        self.rows = 0  # records seen so far
        # In fhv files whole rows repeat, because all that would tell them apart is not published.
        self._repeats = Repeats() if header.service == "fhv" else None

    def bronze(self, batch: Batch) -> pa.Table:
        """The bronze rows of the next batch (n rows, in their order)."""
        if self.header.service is None:
            return self._finish(batch, *canonical_columns(self.header, batch.columns))
        n = batch.rows
        columns: dict[str, pa.Array] = {}
        problems = np.zeros(n, np.int64)
        sums = np.zeros(n, np.uint64)
        fees: list[Values] = []
        for column in self.header.columns:
            array = batch.columns[normal(column.name)]
            if column.kind == "text" and pa.types.is_string(array.type):
                array = array.dictionary_encode()  # once, for its identity and for its names
            repeated = column.field in columns
            values = convert(column.kind, array, column_key(_key(column, repeated)))
            sums += values.identity
            if column.kind == "fee":
                fees.append(values)
            elif column.kind == "text":
                names = texts(array)
                columns["operator"] = pc.coalesce(columns["operator"], names) if repeated else names
            elif column.field is not None:
                if values.odd.any():
                    problems |= values.odd.astype(np.int64) << PROBLEM[column.field]
                columns[column.field] = as_array(values, self.target.field(column.field).type)
            else:
                columns[column.name] = as_kept(array, self.target.field(column.name).type)
        if fees:
            total = _sum(fees)
            problems |= total.odd.astype(np.int64) << PROBLEM["surcharges_cents"]
            columns["surcharges_cents"] = as_array(total, pa.int32())
        columns["trip_id"] = self._ids(sums, batch.unparseable)
        columns["service"] = constant(self.header.service or "", n)
        return self._finish(batch, columns, problems)

    def _finish(self, batch: Batch, columns: dict[str, pa.Array], problems: np.ndarray) -> pa.Table:
        """The table of these columns with provenance, problems and raw text; what is not published is null."""
        n = batch.rows
        if batch.unparseable is not None and batch.unparseable.any():
            problems[batch.unparseable] = 1 << UNPARSEABLE
        columns["source_file"] = constant(self.source_file, n)
        columns["source_row"] = pa.array(np.arange(self.rows + 1, self.rows + n + 1))
        columns["problems"] = pa.array(problems)
        columns["raw"] = self._raw(batch, np.flatnonzero(problems))
        self.rows += n
        arrays = [columns[f.name] if f.name in columns else pa.nulls(n, f.type) for f in self.target]
        return pa.Table.from_arrays(arrays, schema=self.target)

    def _ids(self, sums: np.ndarray, unparseable: np.ndarray | None) -> pa.Array:
        if self._repeats is not None:
            known = np.ones(len(sums), bool) if unparseable is None else ~unparseable
            numbers = np.zeros(len(sums), np.uint64)
            numbers[known] = self._repeats.number(sums[known]).astype(np.uint64)
            sums = sums + numbers * column_key("repeat")
        return pa.array(trip_ids(self.header.service or "", sums), mask=unparseable)

    def _raw(self, batch: Batch, rows: np.ndarray) -> pa.Array:
        if not len(rows):
            return pa.nulls(batch.rows, pa.string())
        told = pa.array(batch.raw(rows), pa.string())
        if len(rows) == batch.rows:
            return told
        which = np.zeros(batch.rows, np.int64)
        which[rows] = np.arange(len(rows))
        none = np.ones(batch.rows, bool)
        none[rows] = False
        return told.take(pa.array(which, mask=none))


def constant(text: str, n: int) -> pa.Array:
    """n times the same text."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([text], pa.string()))


def _key(column: Column, repeated: bool) -> str:
    """The name under which a column is hashed: its meaning, so that a renamed column changes no id."""
    return column.field if column.field and not repeated else normal(column.name)


def _sum(fees: Sequence[Values]) -> Values:
    """The sum of the fees of each row: a null fee is 0, all null is null, an odd one makes the sum odd."""
    total = sum(np.where(fee.known, fee.numbers, 0) for fee in fees)
    known = np.logical_or.reduce([fee.known for fee in fees])
    odd = np.logical_or.reduce([fee.odd for fee in fees]) | (np.abs(total) > _INT32)
    return Values(np.where(odd, 0, total), known & ~odd, odd, np.zeros(0, np.uint64))
