import re
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.plots.demand import WEEKDAYS, by_hour, dates_axis, demand, mean_day, not_drawn, over_time
from course_lib.plots.grid import busiest, edges, step, tiles, weekdays, zone_hours, zone_totals

EPOCH = date(1970, 1, 1)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 24 * 60).map(lambda h: (datetime(2024, 1, 1) + timedelta(hours=h)).isoformat()),
        st.integers(1, 263),
        st.integers(1, 1000),
    ),
    max_size=40,
)


def week(table, **extra):
    """Two weeks from Monday, 1 January 2024: ten trips an hour, and what `extra` adds."""
    start = datetime(2024, 1, 1)
    rows = [((start + timedelta(hours=h)).isoformat(), 1 + h % 3, 10) for h in range(14 * 24)]
    return table(*rows, *((hour, 7, trips) for hour, trips in extra.items()))


def slow_mean_day(rows, days):
    """The oracle: every trip by itself, on days with at least a hundredth of a typical day's trips."""
    by_day = {}
    for hour, _, trips in rows:
        by_day[hour[:10]] = by_day.get(hour[:10], 0) + trips
    grown, typical = 0, 0
    for total in sorted(by_day.values()):
        grown += total
        if grown * 2 >= sum(by_day.values()):
            typical = total
            break
    measured = [day for day in by_day if by_day[day] >= 0.01 * typical and date.fromisoformat(day).weekday() in days]
    sums = [0.0] * 24
    for hour, _, trips in rows:
        if hour[:10] in measured:
            sums[datetime.fromisoformat(hour).hour] += trips
    return len(measured), [total / max(len(measured), 1) for total in sums]


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sets(st.integers(0, 6), min_size=1))
def test_the_mean_day_equals_the_slow_count(table, rows, days):
    number, hours = mean_day(demand(table(*rows)), sorted(days))
    slow_number, slow_hours = slow_mean_day(rows, days)

    assert number == slow_number
    assert hours.tolist() == pytest.approx(slow_hours)


@settings(max_examples=8, deadline=None)
@given(ROWS)
def test_any_demand_gives_sound_pictures(sound, table, rows):
    found = table(*rows)
    rides = demand(found)
    for picture in (by_hour(rides), over_time(rides), weekdays(rides), zone_hours(found, rides, {})):
        sound(picture)
    sound(busiest(zone_totals(found), {}))
    sound(tiles(zone_totals(found), {}))


def test_no_trip_is_lost_between_hours_and_zones(table):
    found = table(("2024-01-01T00", 5, 3), ("2024-01-01T00", 6, 4), ("2024-01-02T05", 5, 10))

    assert demand(found).trips.tolist() == [7, 10]
    assert zone_totals(found) == {5: 13, 6: 4}


def test_a_broken_clock_does_not_stretch_the_month(table, sound):
    rides = demand(week(table, **{"2008-12-31T23": 1, "2040-01-01T00": 1}))

    assert len(rides.days) == 14
    assert (
        not_drawn(rides) == "Not drawn: 2 trips on 2 days from 2008-12-31 to 2040-01-01, too few for a day of service."
    )
    assert "2024-01-01 to 2024-01-14" in sound(over_time(rides)).shows
    assert mean_day(rides, range(7)) == (14, pytest.approx([10.0] * 24))


def test_a_mean_is_over_days_and_not_over_hours_with_trips(table):
    """Two Mondays, one of them without a trip at 08:00: the mean is a half, not one."""
    rides = demand(table(("2024-01-01T08", 1, 1), ("2024-01-01T09", 1, 1), ("2024-01-08T09", 1, 1)))
    number, hours = mean_day(rides, [0])

    assert (number, hours[8], hours[9]) == (2, 0.5, 1.0)


@pytest.mark.parametrize(
    ("day", "name"), [("2024-01-01", "Monday"), ("2024-02-29", "Thursday"), ("1969-12-28", "Sunday")]
)
def test_weekdays_are_those_of_the_calendar(table, day, name):
    assert weekdays(demand(table((f"{day}T10", 1, 1)))).title == f"All trips begin on a {name}"
    assert WEEKDAYS[date.fromisoformat(day).weekday()] == name


def test_the_findings_name_peak_and_quiet(table, sound):
    rides = demand(week(table, **{"2024-01-03T18": 90, "2024-01-06T14": 30}))

    assert sound(by_hour(rides)).title == "Working days peak at 18:00 with 19 trips an hour; the quietest hour is 00:00"
    assert sound(over_time(rides)).title == (
        "Wednesday 2024-01-03 is the busiest of 14 days: 330 trips, 32.8\u202f% above the mean"
    )
    assert sound(weekdays(rides)).title == "Wednesday is the busiest day, 18.8\u202f% above Monday"


@pytest.mark.parametrize(
    ("rows", "hours", "time"),
    [
        pytest.param([], "No demand by hour", "No demand over time", id="nothing"),
        pytest.param([("2024-01-31T23", 74, 1)], "All trips begin between 23:00 and 00:00",
                     "The busiest hour is 2024-01-31 23:00, with 1 trip", id="one trip"),
        pytest.param([(f"2024-01-{d:02}T0{h}", 74, 5) for d in range(1, 8) for h in (1, 2)],
                     "Working days peak at 01:00 with 5 trips an hour; the quietest hour is 00:00",
                     "Every one of 7 days sees 10 trips", id="all days alike"),
    ],
)  # fmt: skip
def test_the_findings_are_true_in_odd_demand(table, sound, rows, hours, time):
    rides = demand(table(*rows))

    assert sound(by_hour(rides)).title == hours
    assert sound(over_time(rides)).title == time


@pytest.mark.parametrize("last", ["2009-01-04", "2009-03-31", "2011-01-01", "2016-06-30", "2024-12-31", "9000-01-01"])
def test_any_range_of_days_is_drawn_in_at_most_some_hundred_points(table, sound, last):
    picture = sound(over_time(demand(table(("2009-01-01T08", 1, 100), (f"{last}T08", 1, 100)))))

    assert len(picture.svg(1040)) < 60_000
    assert last in picture.shows


def test_days_without_data_break_the_line(table):
    picture = over_time(demand(table(*((f"2024-01-{day:02}T08", 1, 10) for day in (1, 2, 3, 8, 9, 10)))))

    assert picture.svg().count("<polyline") == 2
    assert "4 days in between have no data" in picture.note


@given(st.integers(-300_000, 1_500_000), st.integers(1, 400_000), st.sampled_from([348, 1040]))
def test_the_dates_of_an_axis_lie_in_its_range(first, span, width):
    found = dates_axis(first, first + span, width)

    assert 1 <= len(found) <= 9
    assert all(first <= position <= first + span for position, _ in found)


@given(st.floats(1e-6, 1e12), st.sampled_from([1, 2]))
def test_every_cell_lies_in_the_step_the_legend_says(most, power):
    bounds = edges(most, power)

    assert bounds[-1] >= most * (1 - 1e-9)
    for value in np.linspace(0, most, 23):
        found = step(float(value), most, power)
        assert value <= bounds[found] * (1 + 1e-9)
        if found:
            assert value > bounds[found - 1] or found == 1


def test_the_busiest_zones_are_told_by_name_where_one_is_known(sound):
    picture = sound(busiest({74: 90, 75: 10}, {74: "<b>East</b>"}))

    assert picture.title == "The busiest of 2 zones sees 90\u202f% of the trips"
    assert picture.rows == (("74 <b>East</b>", "90", "90\u202f%"), ("zone 75", "10", "10\u202f%"))
    assert "<b>" not in picture.svg()


def test_silent_zones_are_counted(sound):
    assert sound(tiles(dict.fromkeys(range(1, 264), 5), {})).title == "All 263 zones see trips"
    assert sound(tiles(dict.fromkeys(range(1, 263), 5), {})).title == "1 of 263 zones sees no trip"
    assert sound(tiles({}, {})).title == "No zone sees a trip"


def test_a_tile_lies_where_its_axes_say():
    """Zone 74 is 61 + 13: in the row labelled 61, and as far right of +10 as zone 4 is of zone 1."""
    svg = tiles({74: 5}, {}).svg(500)

    def place(words):
        found = re.search(rf'<rect x="([\d.]+)" y="([\d.]+)"[^>]*><title>{words}', svg)
        return float(found.group(1)), float(found.group(2))

    (x, y), row, (first, _), (fourth, _) = place("zone 74:"), place("zone 61:"), place("zone 1:"), place("zone 4:")
    ten = float(re.search(r'<text x="([\d.]+)"[^>]*>\+10<', svg).group(1))
    assert y == row[1]
    assert x - ten == pytest.approx(fourth - first, abs=0.02)


def test_zones_peak_when_their_trips_begin(table, sound):
    rows = [("2024-01-01T08", zone, 10) for zone in (1, 2, 3)] + [("2024-01-01T18", 4, 99), ("2024-01-01T08", 4, 1)]
    found = table(*rows)

    picture = sound(zone_hours(found, demand(found), {}))
    assert picture.title == "3 of the 4 busiest zones peak at 08:00, 1 at 18:00"
    assert picture.rows[0] == ("zone 4", "100", "18:00", "99.0")
