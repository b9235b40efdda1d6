"""How are the columns of a trip table read as NumPy arrays, without copies where that is possible?

A view of the canonical columns of one Arrow table: `values` are the numbers (what stands at a null is
undefined), `valid` says where there is one. Times are microseconds since 1970 as int64; the service is its index
in SERVICES, -1 where it is none of them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.trips.schema import SERVICES

SECOND = 1_000_000  # microseconds


class Columns:
    """The canonical columns of `table` (n rows) as arrays of length n; each is made once, when asked for."""

    def __init__(self, table: pa.Table):
        self.table = table
        self.rows = table.num_rows
        self._values: dict[str, np.ndarray] = {}
        self._valid: dict[str, np.ndarray | None] = {}

    def values(self, name: str) -> np.ndarray:
        """The numbers of column `name`; undefined where it is null."""
        if name not in self._values:
            self._values[name] = _numbers(self._array(name), name)
        return self._values[name]

    def valid(self, name: str) -> np.ndarray | None:
        """Where column `name` is not null, or None when it has no nulls at all."""
        if name not in self._valid:
            array = self._array(name)
            self._valid[name] = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
        return self._valid[name]

    def null(self, name: str) -> np.ndarray:
        """Where column `name` is null."""
        valid = self.valid(name)
        return np.zeros(self.rows, bool) if valid is None else ~valid

    def filled(self, name: str, value: int) -> np.ndarray:
        """The numbers of column `name`, with `value`, a number of the column's type, where it is null."""
        numbers, valid = self.values(name), self.valid(name)
        # A plain `value` that does not fit would be wrapped round without a word.
        return numbers if valid is None else np.where(valid, numbers, numbers.dtype.type(value))

    def _array(self, name: str) -> pa.Array:
        column = self.table[name]
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(array: pa.Array, name: str) -> np.ndarray:
    if name == "service":
        return _service_codes(array)
    if pa.types.is_timestamp(array.type):
        array = array.view(pa.int64())
    # The buffer itself, nulls and all: to_numpy would turn integers with nulls into floats.
    buffer = array.buffers()[1]
    dtype = np.dtype(f"i{array.type.bit_width // 8}")  # asking Arrow would import pandas
    return np.frombuffer(buffer, dtype=dtype, count=len(array) + array.offset)[array.offset :]


def _service_codes(array: pa.Array) -> np.ndarray:
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    known = {name: code for code, name in enumerate(SERVICES)}
    table = np.array([known.get(name, -1) for name in array.dictionary.to_pylist()] + [-1], dtype=np.int8)
    return table[pc.fill_null(array.indices, len(table) - 1).to_numpy(zero_copy_only=False)]
