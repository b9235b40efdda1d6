"""Training sets whose durations have a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from course_lib.features.build import TRAINING
from course_lib.storage.layout import write_table


def training_set(rows: int, seed: int = 1, **columns: Any) -> pa.Table:
    """Trips whose duration follows from both zones and the hour, with some noise; `columns` replaces whole columns.

    Its statistics know the mean of a route, as they would after a long history.
    """
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, 20 * 86_400, rows))
    start, end = rng.integers(1, 12, rows), rng.integers(1, 12, rows)
    hour = at // 3600 % 24
    route = 100 * start + 150 * np.abs(start - end)
    rush = 1 + (hour % 12 > 6)
    made: dict[str, Any] = {
        "trip_id": np.arange(rows),
        "pickup_at": [datetime(2023, 3, 6) + timedelta(seconds=int(s)) for s in at],
        "duration_s": np.maximum((route * rush * rng.lognormal(0, 0.2, rows)).astype(np.int64), 1),
        "pickup_zone": start,
        "dropoff_zone": end,
        "hour": hour,
        "weekday": at // 86_400 % 7,
        "passengers": rng.integers(1, 5, rows),
        "expected_s": route.astype(np.float64),
        "route_mean_28d_s": route.astype(np.float64),
    }
    made |= columns
    nothing = [None] * rows
    return pa.table([pa.array(made.get(f.name, nothing), f.type) for f in TRAINING], schema=TRAINING)


def write(trips: pa.Table, path: Path) -> Path:
    write_table(trips, path)
    return path
