"""What do generated rows look like in memory?

Column by column, in arrays that are made once and filled again and again. Times are microseconds from 1970-01-01.
`service` is an index of SERVICES; `operator` is always null and has no array; source_file and source_row follow from
where the rows are written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SERVICES = ("yellow", "green")
DTYPES = {
    "trip_id": np.int64, "service": np.int8, "vendor_id": np.int32, "rate_code": np.int32, "payment_type": np.int32,
    "passengers": np.int32, "pickup_at": np.int64, "dropoff_at": np.int64, "pickup_zone": np.int32,
    "dropoff_zone": np.int32, "distance_m": np.int32, "fare_cents": np.int32, "tip_cents": np.int32,
    "tolls_cents": np.int32, "surcharges_cents": np.int32, "total_cents": np.int32, "vehicle_id": np.int32,
    "updated_at": np.int64,
}  # fmt: skip
CODES = ("vendor_id", "rate_code", "payment_type", "passengers")
NULLABLE = (*CODES, "pickup_at", "pickup_zone", "dropoff_zone")
PARTS = ("fare_cents", "tip_cents", "tolls_cents", "surcharges_cents")


@dataclass(frozen=True)
class Rows:
    """Consecutive rows of a file: arrays of one length."""

    columns: dict[str, np.ndarray]  # name -> values, see DTYPES
    null: dict[str, np.ndarray]  # name -> bool, True where null; see NULLABLE
    draw: np.ndarray  # uint32, random bits that decide whether and how the row is broken
    kind: np.ndarray  # int8, index of defects.KINDS, or defects.CLEAN
    of_trip_id: np.ndarray  # int64, for a row that repeats another one the trip_id of that; undefined elsewhere

    @classmethod
    def empty(cls, n: int) -> Rows:
        """Room for `n` rows."""
        return cls(
            {name: np.empty(n, dtype) for name, dtype in DTYPES.items()},
            {name: np.zeros(n, bool) for name in NULLABLE},
            np.empty(n, np.uint32),
            np.empty(n, np.int8),
            np.empty(n, np.int64),
        )

    def __len__(self) -> int:
        return len(self.kind)

    def part(self, first: int, last: int) -> Rows:
        """The rows [first, last), sharing memory."""
        return Rows(
            {name: values[first:last] for name, values in self.columns.items()},
            {name: values[first:last] for name, values in self.null.items()},
            self.draw[first:last],
            self.kind[first:last],
            self.of_trip_id[first:last],
        )

    def add_up(self, at: np.ndarray | slice) -> None:
        """Make total_cents the sum of its parts in the rows `at`."""
        fare, tip, tolls, surcharges = (self.columns[name][at] for name in PARTS)
        self.columns["total_cents"][at] = fare + tip + tolls + surcharges
