"""When do people ride?

Everything here is counted from gold's zone-hour table. A few trips with a broken clock would stretch a month to
twelve years and divide every mean by days on which nothing was measured, so days count as measured when they have at
least a hundredth of the trips of a typical day; what lies on other days is told and not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from course_lib.plots.curves import Line, curves, hours_axis
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.svg import COMPACT
from course_lib.plots.words import count, decimal, percent, plural

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TYPICAL = 0.01  # of the trips of a typical day
NO_DEMAND = "No kept trip has a pickup zone, times, a distance and a fare."
HOUR = 3_600_000_000  # us
_EPOCH = date(1970, 1, 1)  # a Thursday


@dataclass(frozen=True)
class Demand:
    """Trips by hour, and which of the hours lie on measured days."""

    hours: np.ndarray  # (n,) int64, since 1970-01-01 (wall time), ascending
    trips: np.ndarray  # (n,) int64
    measured: np.ndarray  # (n,) bool

    @property
    def days(self) -> np.ndarray:
        """The measured days since 1970-01-01, ascending."""
        return np.unique(self.hours[self.measured] // 24)


def demand(zone_hour: pa.Table) -> Demand:
    """The trips of each hour, over all zones, of the table (n rows) with columns hour and trips."""
    at = zone_hour["hour"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // HOUR
    hours, which = np.unique(at, return_inverse=True)
    trips = np.zeros(len(hours), np.int64)
    np.add.at(trips, which, zone_hour["trips"].to_numpy())
    days, day_of = np.unique(hours // 24, return_inverse=True)
    if not len(days):
        return Demand(hours, trips, np.zeros(0, bool))
    totals = np.zeros(len(days), np.int64)
    np.add.at(totals, day_of, trips)
    order = np.argsort(totals, kind="stable")
    grown = np.cumsum(totals[order])
    typical = totals[order][np.searchsorted(grown, grown[-1] / 2)]  # half of all trips lie on days with no more
    return Demand(hours, trips, (totals >= TYPICAL * typical)[day_of])


def not_drawn(of: Demand) -> str:
    """What the pictures leave out, in a sentence; empty where that is nothing."""
    out = ~of.measured
    if not out.any():
        return ""
    trips, days = int(of.trips[out].sum()), np.unique(of.hours[out] // 24)
    where = (
        f"on {_date(days[0])}"
        if len(days) == 1
        else f"on {count(len(days))} days from {_date(days[0])} to {_date(days[-1])}"
    )
    return f"Not drawn: {plural(trips, 'trip')} {where}, too few for a day of service."


def mean_day(of: Demand, weekdays: Sequence[int]) -> tuple[int, np.ndarray]:
    """How many measured days are `weekdays` (0 is Monday), and their mean trips by hour of the day (24,)."""
    of_these = np.isin((of.days + 3) % 7, weekdays)
    number = int(of_these.sum())
    chosen = of.measured & np.isin((of.hours // 24 + 3) % 7, weekdays)
    sums = np.bincount(of.hours[chosen] % 24, weights=of.trips[chosen], minlength=24)
    return number, sums / max(number, 1)


def by_hour(of: Demand) -> Picture:
    """The mean working day and the mean weekend day, hour by hour."""
    if not of.measured.any():
        return nothing("No demand by hour", NO_DEMAND)
    kinds = [("Monday to Friday", "weekday", "", range(5)), ("weekend", "weekend", "7 3", (5, 6))]
    means = [(name, colour, dash, *mean_day(of, days)) for name, colour, dash, days in kinds]
    means = [mean for mean in means if mean[3]]
    lines = [Line(name, colour, dash, tuple(map(float, hours))) for name, colour, dash, _, hours in means]
    told = [f"{name}: peak at {int(np.argmax(hours)):02}:00" for name, _, _, _, hours in means]
    name, _, _, _, hours = max(means, key=lambda mean: float(mean[4].max()))
    peak, low = int(np.argmax(hours)), int(np.argmin(hours))
    busy = int(np.count_nonzero(sum(mean[4] for mean in means)))
    if busy == 1:
        title = f"All trips begin between {peak:02}:00 and {(peak + 1) % 24:02}:00"
    else:
        title = (
            f"{'Working days peak' if name != 'weekend' else 'Weekends peak'} at {peak:02}:00 with "
            f"{_per(hours[peak])} an hour; the quietest hour is {low:02}:00"
        )
    rows = tuple((f"{h:02}:00", *(decimal(float(mean[4][h])) for mean in means)) for h in range(24))
    days = "; ".join(f"{name}: {plural(number, 'day')}" for name, _, _, number, _ in means)
    return Picture(
        title,
        f"Mean trips by hour of pickup ({days}).",
        curves(lines, range(24), hours_axis, "trips per hour", "hour of pickup", "; ".join([title, *told]),
               tell=lambda h: f"{h:02.0f}:00"),
        ("hour", *(mean[0] for mean in means)),
        rows,
        not_drawn(of),
    )  # fmt: skip


def over_time(of: Demand) -> Picture:
    """Demand over the range of measured days: by hour up to four days, by day up to 400, then by week and month."""
    if not of.measured.any():
        return nothing("No demand over time", NO_DEMAND)
    first, last = int(of.days[0]), int(of.days[-1])
    if last - first < 4:
        return _hourly(of, first, last)
    days, which = np.unique(of.hours[of.measured] // 24, return_inverse=True)
    totals = np.bincount(which, weights=of.trips[of.measured])
    span = last - first + 1
    width = next((days for days in (1, 7, 30) if span <= 400 * days), -(-span // 400))
    buckets, bucket = np.unique((days - first) // width, return_inverse=True)
    means = dict(zip(buckets.tolist(), (np.bincount(bucket, totals) / np.bincount(bucket)).tolist(), strict=True))
    positions = [first + width * i for i in range(-(-span // width))]
    values = tuple(means.get(i) for i in range(len(positions)))
    title = _busiest_day(days, totals)
    missing = span - len(days)
    gap = f" {plural(missing, 'day')} in between {'has' if missing == 1 else 'have'} no data." if missing else ""
    grain = "by day" if width == 1 else "by week (mean of its days)" if width == 7 else f"by {width} days (mean)"

    def axis(px: float) -> list[tuple[float, str]]:
        return dates_axis(positions[0], positions[-1], px)

    return Picture(
        title,
        f"Trips per day, {grain}, from {_date(first)} to {_date(last)}.",
        curves([Line("demand", "weekday", "", values)], positions, axis, "trips per day", "date of pickup", title,
               tell=_date, fill=True),
        ("from", "trips per day"),
        tuple((_date(p), decimal(v)) for p, v in zip(positions, values, strict=True) if v is not None),
        (not_drawn(of) + gap).strip(),
    )  # fmt: skip


def _busiest_day(days: np.ndarray, totals: np.ndarray) -> str:
    best, mean = int(np.argmax(totals)), float(totals.mean())
    peak, name = float(totals[best]), WEEKDAYS[int(days[best] + 3) % 7]
    if peak == totals.min():
        return f"Every one of {plural(len(days), 'day')} sees {_per(peak)}"
    return (
        f"{name} {_date(days[best])} is the busiest of {plural(len(days), 'day')}: {_per(peak)}, "
        f"{percent(peak - mean, mean)} above the mean"
    )


def _hourly(of: Demand, first: int, last: int) -> Picture:
    positions = range(first * 24, last * 24 + 24)
    trips = dict(zip(of.hours.tolist(), of.trips.tolist(), strict=True))
    days = set(of.days.tolist())
    values = tuple(float(trips.get(h, 0)) if h // 24 in days else None for h in positions)
    best = max(positions, key=lambda h: (trips.get(h, 0) if h // 24 in days else -1, -h))
    title = f"The busiest hour is {_hour(best)}, with {_per(trips[best])}"
    line = Line("demand", "weekday", "", values)

    def axis(width: float) -> list[tuple[float, str]]:
        if first == last:
            return [(first * 24 + hour, text) for hour, text in hours_axis(width)]
        return [(day * 24, _date(day)) for day in range(first, last + 1)]

    return Picture(
        title,
        f"Trips by hour on {_date(first)}." if first == last else f"Trips by hour, {_date(first)} to {_date(last)}.",
        curves([line], list(positions), axis, "trips per hour", "hour of pickup", title, tell=_hour, fill=True),
        ("hour", "trips"),
        tuple((_hour(h), decimal(v)) for h, v in zip(positions, values, strict=True) if v is not None),
        not_drawn(of),
    )  # fmt: skip


def dates_axis(first: float, last: float, width: float) -> list[tuple[float, str]]:
    """Dates from `first` to `last` (days since 1970-01-01) to write under an axis of `width` px, on round dates."""
    most = 4 if width < COMPACT else 8
    for step in (1, 2, 7, 14):
        if (last - first) / step < most:
            return [(p, _date(p)) for p in np.arange(first, last + 0.5, step)]
    start, end = _day(first), _day(last)
    lowest = start.year * 12 + start.month - 1 + (start.day > 1)  # months since the year 0
    highest = end.year * 12 + end.month - 1
    for months in (1, 2, 3, 6, 12, 24, 60, 120, 240, 1200, 12_000):
        found = range(-(-lowest // months) * months, highest + 1, months)
        if 0 < len(found) <= most:
            days = [date(month // 12, month % 12 + 1, 1) for month in found]
            return [((day - _EPOCH).days, f"{day:%Y}" if months >= 12 else f"{day:%Y-%m}") for day in days]
    return [(first, _date(first)), (last, _date(last))]


def _day(day: float) -> date:
    lowest, highest = (date.min - _EPOCH).days, (date.max - _EPOCH).days
    return _EPOCH + timedelta(days=min(max(int(day), lowest), highest))


def _date(day: float) -> str:
    return str(np.datetime64(int(day), "D"))  # broken clocks show years that `date` does not know


def _hour(hour: float) -> str:
    return f"{_date(hour // 24)} {int(hour % 24):02}:00"


def _per(trips: float) -> str:
    whole = trips >= 100 or trips == round(trips)
    return f"{count(trips) if whole else decimal(trips)} {'trip' if trips == 1 else 'trips'}"
