"""What is kept of a row that was refused?

The whole row as it was read, and its reasons: the names of all broken rules of severity error, in the order of the
contract, separated by semicolons. Rows that could not be read keep their text in `raw`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from course_lib.trips.contract import ERRORS, RULES
from course_lib.trips.schema import CANONICAL

QUARANTINE = pa.schema(
    [pa.field(field.name, field.type) for field in CANONICAL]
    + [pa.field("reasons", pa.string(), nullable=False), pa.field("raw", pa.string())]
)


def names(verdict: int) -> str:
    """The broken errors of one verdict, `a;b`, in the contract's order.

    >>> names(0b1_0000_1000)
    'dropoff_not_after_pickup;distance_over_100_miles'
    """
    return ";".join(rule.name for bit, rule in enumerate(RULES) if rule.severity == "error" and verdict >> bit & 1)


def quarantine(refused: pa.Table, found: np.ndarray) -> pa.Table:
    """The rows `refused` (n rows of bronze) with their reasons, from their verdicts `found` (n,) int32."""
    patterns, which = np.unique(found & np.int32(ERRORS), return_inverse=True)
    reasons = pa.array([names(int(pattern)) for pattern in patterns], pa.string())
    kept = refused.select([*CANONICAL.names, "raw"])
    column = reasons.take(pa.array(which))
    table = kept.add_column(len(CANONICAL), "reasons", column)
    return pa.table([_plain(table[field.name], field.type) for field in QUARANTINE], schema=QUARANTINE)


def _plain(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)
