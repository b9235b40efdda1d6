import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.models.baselines import guess, mean, zone_hour_means

ROWS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 23), st.integers(1, 82_800)), min_size=1, max_size=40)


def columns(rows) -> list[np.ndarray]:
    return list(np.array(rows, np.int64).reshape(-1, 3).T)


@settings(deadline=None, derandomize=True)
@given(ROWS, ROWS)
def test_a_trip_is_guessed_to_take_the_mean_of_its_zone_and_hour_or_of_all(past, future):
    zone, hour, seconds = columns(past)
    asked_zone, asked_hour, _ = columns(future)

    said = guess(zone_hour_means(zone, hour, seconds), asked_zone, asked_hour).tolist()

    def slowly(z, h):
        same = [s for a, b, s in past if (a, b) == (z, h)] or [s for _, _, s in past]
        return sum(same) / len(same)

    assert said == [slowly(z, h) for z, h, _ in future]


@settings(deadline=None, derandomize=True)
@given(ROWS)
def test_no_order_of_the_trips_changes_a_guess(rows):
    zone, hour, seconds = columns(rows)
    backwards = zone_hour_means(zone[::-1], hour[::-1], seconds[::-1])

    for one, other in zip(zone_hour_means(zone, hour, seconds), backwards, strict=True):
        assert np.array_equal(one, other)


def test_on_the_real_green_month_the_baselines_err_as_they_are_known_to(shared_data):
    path = shared_data / "tlc" / "green_tripdata_2020-10.csv.gz"
    columns = ["lpep_pickup_datetime", "lpep_dropoff_datetime", "PULocationID", "fare_amount", "trip_distance"]
    raw = pd.read_csv(path, usecols=columns, parse_dates=columns[:2])
    raw["seconds"] = (raw[columns[1]] - raw[columns[0]]).dt.total_seconds()
    fits = raw.seconds.between(1, 82_800) & (raw.fare_amount >= 0) & raw.trip_distance.between(0, 100, "right")
    trips = raw[fits & (raw.PULocationID < 264)].sort_values(columns[0], kind="stable")
    zone, hour = trips.PULocationID.to_numpy(), trips[columns[0]].dt.hour.to_numpy().astype(np.int64)
    seconds = trips.seconds.to_numpy().astype(np.int64)
    cut = len(trips) - len(trips) // 5

    means = zone_hour_means(zone[:cut], hour[:cut], seconds[:cut])

    assert np.abs(seconds[cut:] - mean(seconds[:cut])).mean() == pytest.approx(692.5, abs=0.1)
    assert np.abs(seconds[cut:] - guess(means, zone[cut:], hour[cut:])).mean() == pytest.approx(645.0, abs=0.1)
