"""Published times are read in every form they came in, and nothing else is taken for a time."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion.convert import convert
from course_lib.ingestion.times import read_time

KEY = np.uint64(7)
EPOCH = dt.datetime(1970, 1, 1)
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 12, 31)).map(lambda at: at.replace(microsecond=0))


def one(value, type_=None):
    """The time a single value tells, None for null, 'odd' where it is refused."""
    values = convert("time", pa.array([value], type_), KEY)
    if values.odd[0]:
        return "odd"
    return EPOCH + dt.timedelta(microseconds=int(values.numbers[0])) if values.known[0] else None


FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.0",
    "%Y-%m-%d %H:%M:%S.000",
    "%Y-%m-%d %H:%M:%S.999999",
    "%Y-%m-%d %H:%M:%S.123456789",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    " %Y-%m-%d %H:%M:%S ",
]


@pytest.mark.parametrize("form", FORMATS)
@given(at=moments)
@settings(deadline=None, max_examples=25)
def test_every_form_tells_the_same_second(form, at):
    year = f"{at.year:04d}"  # strftime does not pad years on every platform
    text = at.strftime(form.replace("%Y", year))

    assert one(text) == at


@pytest.mark.parametrize("form", FORMATS[:8])
@given(at=moments)
@settings(deadline=None, max_examples=15)
def test_the_fast_way_and_the_slow_way_agree(form, at):
    text = at.strftime(form.replace("%Y", f"{at.year:04d}"))
    slow = read_time(text)

    assert slow is not None
    assert one(text) == EPOCH + dt.timedelta(seconds=slow // 1_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10/17/2015 12:00:00 AM", dt.datetime(2015, 10, 17, 0)),
        ("10/17/2015 12:00:00 PM", dt.datetime(2015, 10, 17, 12)),
        ("10/17/2015 01:05:09 pm", dt.datetime(2015, 10, 17, 13, 5, 9)),
        ("10/17/2015 23:05", dt.datetime(2015, 10, 17, 23, 5)),
        ("1/7/2015 3:05", dt.datetime(2015, 1, 7, 3, 5)),
        ("1/7/2015 3:05:01 PM", dt.datetime(2015, 1, 7, 15, 5, 1)),
        ("2015-10-17 23:05", dt.datetime(2015, 10, 17, 23, 5)),
        ("2016-02-29 00:00:00", dt.datetime(2016, 2, 29)),
        ("1900-01-01 00:00:00", dt.datetime(1900, 1, 1)),
        ("2100-12-31 23:59:59", dt.datetime(2100, 12, 31, 23, 59, 59)),
        ("2015-02-29 00:00:00", "odd"),
        ("2015-13-01 00:00:00", "odd"),
        ("2015-00-01 00:00:00", "odd"),
        ("2015-01-00 00:00:00", "odd"),
        ("2015-01-01 24:00:00", "odd"),
        ("2015-01-01 23:60:00", "odd"),
        ("2015-01-01 23:59:60", "odd"),
        ("13/10/2015 10:00:00 AM", "odd"),
        ("02/30/2015 10:00:00 AM", "odd"),
        ("10/17/2015 13:00:00 PM", "odd"),
        ("10/17/2015 00:00:00 AM", "odd"),
        ("1899-12-31 23:59:59", "odd"),
        ("2101-01-01 00:00:00", "odd"),
        ("2015-10-17", "odd"),
        ("2015-10-17 23:05:01Z", "odd"),
        ("2015-10-17T23:05:01+00:00", "odd"),
        ("2015-10-17 23:05:01 EST", "odd"),
        ("20151017230501", "odd"),
        ("1445123101", "odd"),
        ("２０１５-10-17 23:05:01", "odd"),
        ("yesterday", "odd"),
        ("", None),
        ("NULL", None),
        (None, None),
    ],
)
def test_times(text, expected):
    assert one(text, pa.string()) == expected


def test_one_bad_time_does_not_cost_its_neighbours():
    texts = ["2015-10-17 23:05:01", "10/17/2015 11:05:01 PM", "never", None, "2015-10-17 23:05"]

    values = convert("time", pa.array(texts), KEY)

    assert values.known.tolist() == [True, True, False, False, True]
    assert values.odd.tolist() == [False, False, True, False, False]
    assert values.numbers[0] == values.numbers[1] == values.numbers[4] + 1_000_000


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@given(at=st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)))
@settings(deadline=None, max_examples=25)
def test_timestamps_of_every_unit_are_rounded_down_to_seconds(unit, at):
    kept = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}[unit]
    at -= dt.timedelta(microseconds=at.microsecond % kept)

    assert one(at, pa.timestamp(unit)) == at.replace(microsecond=0)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("ticks", [2**63 - 1, -(2**63), 2**62 + 12345])
def test_a_timestamp_beyond_every_calendar_is_odd(unit, ticks):
    array = pa.array([ticks]).view(pa.timestamp(unit))

    values = convert("time", array, KEY)

    outside = unit != "ns" or abs(ticks) > 4_133_980_800 * 10**9
    assert bool(values.odd[0]) == outside


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(pa.array([dt.datetime(2020, 1, 1)], pa.timestamp("us", tz="UTC")), id="an instant"),
        pytest.param(pa.array([dt.date(2020, 1, 1)]), id="a date"),
        pytest.param(pa.array([1577836800]), id="a number"),
    ],
)
def test_what_is_no_wall_time_is_odd(array):
    assert convert("time", array, KEY).odd.tolist() == [True]


def test_text_and_timestamp_have_the_same_identity():
    at = dt.datetime(2020, 10, 1, 0, 31, 19)
    arrays = [
        pa.array([at], pa.timestamp("us")),
        pa.array([at], pa.timestamp("s")),
        pa.array(["2020-10-01 00:31:19"]),
        pa.array(["10/01/2020 12:31:19 AM"]),
        pa.array([" 2020-10-01T00:31:19.000 "]).dictionary_encode(),
    ]

    assert len({int(convert("kept time", array, KEY).identity[0]) for array in arrays}) == 1
