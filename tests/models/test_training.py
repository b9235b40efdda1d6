import json
from datetime import datetime

import numpy as np
import pytest

from course_lib.models import duration, records
from course_lib.models.training import LEAST, PREDICTIONS, RESIDUALS, train, try_out
from course_lib.storage import digests
from course_lib.storage.layout import read_table
from tests.models.model_cases import training_set, write


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    trips = training_set(3001)
    found = train(write(trips, folder / "training.parquet"), folder / "model")
    return folder, trips, found["model"]


def test_the_model_beats_both_baselines_where_durations_have_a_reason(trained):
    _, _, metrics = trained

    assert metrics["mae_s"] < 0.7 * metrics["baseline_zone_hour_mae_s"] < 0.7 * metrics["baseline_mean_mae_s"]


def test_the_last_fifth_by_pickup_is_the_test_and_nothing_else(trained):
    folder, trips, metrics = trained

    predictions = read_table(folder / "model" / "predictions.parquet")

    assert (metrics["rows_train"], metrics["rows_test"]) == (2401, 600)
    assert predictions.schema == PREDICTIONS
    assert predictions["pickup_at"].to_pylist() == trips["pickup_at"].to_pylist()[2401:]
    assert predictions["actual_s"].to_pylist() == trips["duration_s"].to_pylist()[2401:]


@pytest.mark.usefixtures("few_trees")
def test_what_happens_in_the_test_part_changes_no_prediction():
    trips = training_set(1200)
    took = trips["duration_s"].to_numpy().copy()
    took[960:] = 82_800
    changed = training_set(1200, duration_s=took)

    one, other = (try_out(table, seed=0).predictions for table in (trips, changed))

    assert one.drop_columns("actual_s").equals(other.drop_columns("actual_s"))


def test_the_errors_are_those_of_the_predictions(trained):
    folder, _, metrics = trained
    rows = read_table(folder / "model" / "predictions.parquet").to_pandas()
    took = read_table(folder / "training.parquet")["duration_s"].to_numpy()[:2401]

    errors = {
        "mae_s": rows.predicted_s - rows.actual_s,
        "baseline_mean_mae_s": took.mean() - rows.actual_s,
        "baseline_zone_hour_mae_s": rows.baseline_zone_hour_s - rows.actual_s,
    }

    assert {name: metrics[name] for name in errors} == {
        name: pytest.approx(float(error.abs().mean()), abs=1e-3) for name, error in errors.items()
    }


def test_the_residuals_by_hour_add_up_to_the_errors(trained):
    folder, _, metrics = trained
    residuals = read_table(folder / "model" / "residuals.parquet")

    trips = residuals["trips"].to_numpy()
    whole = {name: np.average(residuals[name].to_numpy(), weights=trips) for name in RESIDUALS.names[2:5]}

    assert residuals.schema == RESIDUALS
    assert residuals["hour"].to_pylist() == list(range(24))
    assert trips.sum() == metrics["rows_test"]
    names = ("mae_s", "baseline_mean_mae_s", "baseline_zone_hour_mae_s")
    assert list(whole.values()) == [pytest.approx(metrics[name], abs=1e-3) for name in names]


def test_training_again_gives_the_same_files(trained, tmp_path):
    folder, _, _ = trained

    train(folder / "training.parquet", tmp_path / "again")

    assert digests.of_folder(tmp_path / "again") == digests.of_folder(folder / "model")


def test_the_record_says_what_the_model_was_made_of(trained):
    folder, trips, metrics = trained

    model, record = records.load(folder / "model")

    assert record["features"] == list(duration.FEATURES)
    assert record["training_digest"] == digests.of_file(folder / "training.parquet")
    assert (record["seed"], record["metrics"]) == (0, metrics)
    assert set(record["libraries"]) == {"python", *records.LIBRARIES}
    assert str(folder) not in json.dumps(record)
    predicted = read_table(folder / "model" / "predictions.parquet")["predicted_s"].to_numpy()
    assert np.array_equal(duration.predict(model, trips.slice(2401)), predicted)


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("rows", [0, 1, LEAST - 1])
def test_too_few_trips_make_no_model_and_a_reason(tmp_path, rows):
    write(training_set(1000), tmp_path / "training.parquet")
    train(tmp_path / "training.parquet", tmp_path / "model")

    found = train(write(training_set(rows), tmp_path / "training.parquet"), tmp_path / "model")

    assert found["model"] is None
    assert str(rows) in found["model_skipped"] and str(LEAST) in found["model_skipped"]
    assert [path.name for path in (tmp_path / "model").iterdir()] == [records.RECORD]  # none of the old model
    assert records.read_record(tmp_path / "model") == found


@pytest.mark.usefixtures("few_trees")
def test_as_many_trips_as_a_model_needs_make_one(tmp_path):
    found = train(write(training_set(LEAST), tmp_path / "training.parquet"), tmp_path / "model")

    assert (found["model"]["rows_train"], found["model"]["rows_test"]) == (800, 200)


@pytest.mark.usefixtures("few_trees")
def test_trips_of_one_moment_are_no_obstacle(tmp_path):
    trips = training_set(1000, pickup_at=[datetime(2023, 3, 6)] * 1000, hour=[0] * 1000, weekday=[0] * 1000)

    assert train(write(trips, tmp_path / "training.parquet"), tmp_path / "model")["model"]["rows_test"] == 200
