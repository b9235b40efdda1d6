"""What does a table look like, in numbers small enough to keep?

A profile of a column: how many values are there, of what kind, in what range, and how often each occurs where the
values are few. It is what a schema is inferred from (inferred.py) and what two samples are compared by
(comparators.py), so the data themselves need not be kept.

In the manner of TensorFlow Data Validation's statistics (Caveness et al., "TensorFlow Data Validation: data analysis
and validation in continuous ML pipelines", 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

FEW = 400  # distinct values up to which a column is a set of categories and each value is counted
Value = int | float | str | bool


@dataclass(frozen=True)
class ColumnProfile:
    """One column of one table."""

    kind: str  # int, float, string, bool, time
    rows: int
    present: int  # rows with a value
    distinct: int  # different values
    least: object  # None where there is no value, or no order
    most: object
    counts: Mapping[Value, int] | None  # how often each value occurs; None where there are more than FEW, and for times

    @property
    def fraction(self) -> float:
        """The share of rows with a value; of no rows, 0."""
        return self.present / self.rows if self.rows else 0.0


Profile = Mapping[str, ColumnProfile]


def profile(table: pa.Table, few: int = FEW) -> Profile:
    """The profile of every column of `table`; a column of nested values is refused with a TypeError."""
    return {name: _column(table[name], few) for name in table.column_names}


def kind(of: pa.DataType) -> str:
    """The kind of a type: what a reader can rely on, whatever its width.

    >>> kind(pa.int16()), kind(pa.dictionary(pa.int8(), pa.string())), kind(pa.timestamp("us"))
    ('int', 'string', 'time')
    """
    if pa.types.is_dictionary(of):
        return kind(of.value_type)
    for name, is_it in (
        ("bool", pa.types.is_boolean), ("int", pa.types.is_integer), ("float", pa.types.is_floating),
        ("float", pa.types.is_decimal), ("string", pa.types.is_string), ("string", pa.types.is_large_string),
        ("time", pa.types.is_temporal), ("nothing", pa.types.is_null),
    ):  # fmt: skip
        if is_it(of):
            return name
    raise TypeError(f"a column of {of} has no profile: flatten it first")


def _column(column: pa.ChunkedArray, few: int) -> ColumnProfile:
    name = kind(column.type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    present = len(column) - column.null_count
    if name == "nothing" or not present:
        return ColumnProfile(name, len(column), 0, 0, None, None, None if name == "time" else {})
    if name == "float":
        column = pc.if_else(pc.is_nan(column.cast(pa.float64())), None, column.cast(pa.float64()))
        present = len(column) - column.null_count  # NaN is no value
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    ends = {} if name in ("string", "bool") else pc.min_max(column).as_py()
    counts = None
    if name != "time" and distinct <= few:
        told = pc.value_counts(column.drop_null()).to_pylist()
        counts = {one["values"]: one["counts"] for one in sorted(told, key=lambda one: (-one["counts"], one["values"]))}
    return ColumnProfile(name, len(column), present, distinct, ends.get("min"), ends.get("max"), counts)
