import pickle

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from course_lib.models import duration
from tests.models.model_cases import training_set

ROWS = 600
pytestmark = pytest.mark.usefixtures("few_trees")


def fitted(**columns):
    trips = training_set(ROWS, **columns)
    return trips, duration.fit(trips, trips["duration_s"].to_numpy(), seed=0)


def test_nothing_that_is_known_after_pickup_is_an_input():
    secrets = (
        "distance",
        "fare",
        "tip",
        "tolls",
        "surcharges",
        "total",
        "dropoff_at",
        "duration",
        "seconds",
        "payment",
    )

    assert not [name for name in duration.FEATURES if any(secret in name for secret in secrets)]
    assert "dropoff_zone" in duration.FEATURES


def test_two_threads_fit_the_same_model_as_one():
    with threadpool_limits(1):
        _, one = fitted()
    with threadpool_limits(2):
        _, two = fitted()

    assert pickle.dumps(one) == pickle.dumps(two)


def test_a_prediction_does_not_depend_on_who_else_is_asked_about():
    trips, model = fitted()

    together = duration.predict(model, trips)

    assert duration.predict(model, trips.slice(300, 1)) == together[300:301]
    assert len(duration.predict(model, trips.slice(0, 0))) == 0


NOTHING = [None] * ROWS


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"passengers": NOTHING}, id="no passengers, as in fhv"),
        pytest.param({"dropoff_zone": NOTHING}, id="no dropoff zones, as in early fhv"),
        pytest.param({"pickup_zone": [7] * ROWS, "dropoff_zone": [7] * ROWS}, id="one zone"),
        pytest.param({"pickup_zone": list(range(1, 301)) * 2}, id="more zones than categories"),
        pytest.param({"duration_s": [600] * ROWS}, id="every trip as long"),
        pytest.param({"hour": [8] * ROWS, "weekday": [1] * ROWS}, id="one hour"),
        pytest.param({"expected_s": NOTHING, "route_mean_28d_s": NOTHING}, id="nothing known"),
        pytest.param({"duration_s": [1, 82_800, 2] * 200}, id="durations at both ends"),
    ],
)
def test_odd_trips_are_fitted_and_predicted_without_a_warning(columns):
    trips, model = fitted(**columns)

    predicted = duration.predict(model, trips)

    assert np.isfinite(predicted).all() and (predicted >= duration.SHORTEST).all()


def test_a_zone_without_a_category_is_predicted_like_an_unknown_one():
    _, model = fitted()
    never, unknown = training_set(1, dropoff_zone=[200]), training_set(1, dropoff_zone=[None])

    assert duration.predict(model, never) == duration.predict(model, unknown)


def test_zones_that_first_appear_after_the_fit_are_no_obstacle():
    _, model = fitted(dropoff_zone=NOTHING)

    assert np.isfinite(duration.predict(model, training_set(10))).all()


def test_the_busiest_zones_are_told_apart_and_the_smaller_number_first():
    trips = training_set(6, pickup_zone=[9, 9, 3, 5, 3, 1])

    assert duration._busiest(trips["pickup_zone"]).tolist() == [3, 9, 1, 5]
