"""Does the model predict durations better than two guesses that need no model?

    training.parquet ──> split by time ──┬─ first four fifths ──> model, baselines
                                         └─ last fifth ─────────> errors of all three

Trips are split by pickup time, never at random: a model that has seen the trips around the one it is asked about
has seen the traffic jam. Nothing is chosen on the last fifth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from course_lib.models import baselines, duration, records
from course_lib.storage import digests
from course_lib.storage.atomic import replacing_folder, write_json
from course_lib.storage.layout import read_table, write_table

LEAST = 1_000  # usable trips; below, an error is mostly chance
TEST_SHARE = 5  # the last fifth

RESIDUALS = pa.schema(
    [
        pa.field("hour", pa.int32(), nullable=False),
        pa.field("trips", pa.int64(), nullable=False),
        pa.field("mae_model_s", pa.float64(), nullable=False),
        pa.field("mae_mean_s", pa.float64(), nullable=False),
        pa.field("mae_zone_hour_s", pa.float64(), nullable=False),
        pa.field("bias_model_s", pa.float64(), nullable=False),  # predicted minus actual
    ]
)
PREDICTIONS = pa.schema(
    [
        pa.field("pickup_at", pa.timestamp("us"), nullable=False),
        pa.field("actual_s", pa.int64(), nullable=False),
        pa.field("predicted_s", pa.float64(), nullable=False),
        pa.field("baseline_zone_hour_s", pa.float64(), nullable=False),
    ]
)


class Trial(NamedTuple):
    """A fitted model and how it and the baselines did on the last fifth."""

    model: duration.DurationModel
    metrics: dict[str, Any]
    residuals: pa.Table
    predictions: pa.Table


def train(training: Path, out: Path, seed: int = 0) -> dict[str, Any]:
    """Replace the folder `out` by the model of `training`, its record and its errors; the part of run.json about it.

    training   file of features.build.TRAINING, by pickup_at and trip_id
    out        model.pickle, record.json, residuals.parquet (RESIDUALS), predictions.parquet (PREDICTIONS, the test
               part); record.json alone where there is no model
    returns    {"model": {mae_s, baseline_mean_mae_s, baseline_zone_hour_mae_s, rows_train, rows_test}}, or
               {"model": None, "model_skipped": reason} below LEAST trips
    """
    trips = read_table(training)
    if trips.num_rows < LEAST:
        reason = f"{trips.num_rows} usable trips (with a pickup zone and a dropoff time); a model needs {LEAST}"
        with replacing_folder(out) as beside:
            write_json(beside / records.RECORD, {"model": None, "model_skipped": reason})
        return {"model": None, "model_skipped": reason}
    trial = try_out(trips, seed)
    with replacing_folder(out) as beside:
        write_table(trial.residuals, beside / "residuals.parquet")
        write_table(trial.predictions, beside / "predictions.parquet")
        record = {
            "predicts": "duration_s",
            "features": list(duration.FEATURES),
            "parameters": duration.PARAMETERS,
            "seed": seed,
            "training_digest": digests.of_file(training),
            "test_from": trial.predictions["pickup_at"][0].as_py().isoformat(),
            "metrics": trial.metrics,
            "libraries": records.versions(),
        }
        records.save(beside, trial.model, record)
    return {"model": trial.metrics}


def try_out(trips: pa.Table, seed: int) -> Trial:
    """Fit on the first four fifths of `trips` (in their order), judge on the last; at least two rows."""
    cut = trips.num_rows - max(trips.num_rows // TEST_SHARE, 1)
    past, future = trips.slice(0, cut), trips.slice(cut)
    took = past["duration_s"].to_numpy()
    actual = future["duration_s"].to_numpy()

    model = duration.fit(past, took, seed)
    predicted = duration.predict(model, future)
    zone, hour = (future[name].to_numpy().astype(np.int64) for name in ("pickup_zone", "hour"))
    means = baselines.zone_hour_means(
        past["pickup_zone"].to_numpy().astype(np.int64), past["hour"].to_numpy().astype(np.int64), took
    )
    guessed = baselines.guess(means, zone, hour)
    errors = {
        "mae_model_s": np.abs(predicted - actual),
        "mae_mean_s": np.abs(means.everywhere - actual),
        "mae_zone_hour_s": np.abs(guessed - actual),
        "bias_model_s": predicted - actual,
    }
    metrics = {
        "mae_s": round(float(errors["mae_model_s"].mean()), 3),
        "baseline_mean_mae_s": round(float(errors["mae_mean_s"].mean()), 3),
        "baseline_zone_hour_mae_s": round(float(errors["mae_zone_hour_s"].mean()), 3),
        "rows_train": past.num_rows,
        "rows_test": future.num_rows,
    }
    predictions = pa.table([future["pickup_at"], actual, predicted, guessed], schema=PREDICTIONS)
    return Trial(model, metrics, _by_hour(hour, errors), predictions)


def _by_hour(hour: npt.NDArray[np.int64], errors: dict[str, npt.NDArray[np.float64]]) -> pa.Table:
    """The means of `errors` per hour of the day that has trips: RESIDUALS."""
    hours, place, trips = np.unique(hour, return_inverse=True, return_counts=True)
    means = {name: np.bincount(place, weights=error) / trips for name, error in errors.items()}
    columns = {"hour": hours.astype(np.int32), "trips": trips, **means}
    return pa.table([pa.array(columns[name]) for name in RESIDUALS.names], schema=RESIDUALS)
