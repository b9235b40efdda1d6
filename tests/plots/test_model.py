import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.plots.model import model_error, residuals

ERRORS = st.floats(0, 1e9) | st.just(math.nan)


def by_hour(*rows):
    names = ("hour", "trips", "mae_model_s", "mae_mean_s", "mae_zone_hour_s")
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


@pytest.mark.parametrize(
    ("mae", "mean", "zone_hour", "title"),
    [
        (200.0, 500.0, 400.0, "The model errs by 200\u202fs, 50\u202f% less than the mean of zone and hour"),
        (200.0, 300.0, 400.0, "The model errs by 200\u202fs, 33.3\u202f% less than the overall mean"),
        (400.0, 500.0, 400.0, "The model errs by 400\u202fs, no less than the mean of zone and hour"),
        (
            500.0,
            500.0,
            400.0,
            "The model does not pay: it errs by 500\u202fs, 25\u202f% more than the mean of zone and hour",
        ),
        (
            5.0,
            3.0,
            0.0,
            "The model does not pay: it errs by 5.0\u202fs, where the mean of zone and hour errs not at all",
        ),
        (0.0, 0.0, 0.0, "The model errs by 0.0\u202fs, no less than the mean of zone and hour"),
        (math.nan, 3.0, 4.0, "The model's error is not known"),
    ],
)
def test_the_title_says_whether_the_model_pays(sound, mae, mean, zone_hour, title):
    assert sound(model_error(mae, mean, zone_hour, 100)).title == title


@settings(max_examples=20, deadline=None)
@given(ERRORS, ERRORS, ERRORS, st.integers(0, 10**12))
def test_any_errors_give_a_sound_picture(sound, mae, mean, zone_hour, rows):
    sound(model_error(mae, mean, zone_hour, rows))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 9), ERRORS, ERRORS, ERRORS), unique_by=lambda row: row[0]))
def test_any_residuals_give_a_sound_picture(sound, rows):
    sound(residuals(by_hour(*rows)))


def test_wins_by_hour_are_counted(sound):
    rows = [(8, 10, 100.0, 300.0, 200.0), (9, 10, 250.0, 300.0, 200.0), (10, 10, 90.0, 300.0, 200.0)]

    assert sound(residuals(by_hour(*rows))).title == (
        "The model beats both baselines in 2 of 3 hours; "
        "it errs most at 09:00 (250\u202fs), least at 10:00 (90.0\u202fs)"
    )
    assert "in every hour" in residuals(by_hour(rows[0], rows[2])).title
    assert "in no hour" in residuals(by_hour(rows[1], (11, 1, 9.0, 8.0, 7.0))).title


def test_the_errors_of_one_hour_and_of_none_are_told(sound):
    assert sound(residuals(by_hour((8, 10, 100.0, 300.0, 200.0)))).title == (
        "All tested trips begin at 08:00, where the model errs by 100\u202fs"
    )
    assert sound(residuals(by_hour((8, 0, 100.0, 300.0, 200.0)))).title == "No errors by hour"


def test_the_bias_is_told_where_it_is_known():
    table = by_hour((8, 10, 100.0, 300.0, 200.0)).append_column("bias_model_s", pa.array([-12.5]))

    assert residuals(table).rows == (("08:00", "10", "100.0 s", "200.0 s", "300.0 s", "-12.5 s"),)
