"""Where and when is much, in a grid of cells?

A darker cell (on a dark page: a lighter one) is more; every cell tells its number, and the legend its step. Steps are
even where rows are compared over the day, and grow with the square where zones are compared with each other: demand
is so skewed that with even steps all zones but the first few would look empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from course_lib.plots.bars import Bar, horizontal
from course_lib.plots.demand import HOUR, NO_DEMAND, WEEKDAYS, Demand, mean_day
from course_lib.plots.palette import HEAT
from course_lib.plots.picture import Drawing, Picture, nothing
from course_lib.plots.svg import COMPACT, SMALL, box, drawing, joined, label, text_width, tip
from course_lib.plots.words import compact, count, decimal, percent, plural

ZONES = 263  # the published zones with a place on the map
STEPS = len(HEAT)


def edges(most: float, power: int) -> list[float]:
    """The upper edges of the steps: 0, and six numbers of two digits of which the last is not below `most`.

    >>> edges(545.2, power=1)
    [0.0, 92.0, 180.0, 280.0, 370.0, 460.0, 550.0]
    """
    if not most > 0:
        return [0.0] * STEPS
    unit = 10.0 ** (math.floor(math.log10(most)) - 1)
    high = math.ceil(most / unit * (1 - 1e-12)) * unit
    return [float(f"{high * (i / (STEPS - 1)) ** power:.2g}") for i in range(STEPS)]


def step(value: float, most: float, power: int = 1) -> int:
    """Which of the steps 0..6 a value from 0 to `most` has; 0 is for none at all.

    >>> [step(v, 100) for v in (0, 0.001, 30, 100)], [step(v, 100, power=2) for v in (0, 0.001, 30, 100)]
    ([0, 1, 2, 6], [0, 1, 4, 6])
    """
    if not value > 0 or not most > 0:
        return 0
    return next((i for i, edge in enumerate(edges(most, power)) if i and value <= edge), STEPS - 1)


def _legend(width: float, y: float, most: float, unit: str, power: int = 1) -> list[Markup]:
    parts = [label(0, y + 10, unit, size=SMALL, muted=True)]
    x = text_width(unit, SMALL) + 12
    for i, edge in enumerate(edges(most, power)):
        text = f"≤{compact(edge)}" if i else "0"
        if x + 18 + text_width(text, SMALL) > width:
            x, y = 0.0, y + 19
        parts.append(box(x, y, 14, 12, f"heat{i}", rx=2))
        parts.append(label(x + 18, y + 10, text, size=SMALL, muted=True))
        x += 18 + text_width(text, SMALL) + 10
    return parts


def heat(
    names: Sequence[str], cells: np.ndarray, unit: str, across: str, told: str, ends: Sequence[str] = ()
) -> Drawing:
    """Draws cells (rows, 24 hours) with a name per row, and where given a word at its end; `unit` is that of a cell."""
    most = float(cells.max()) if cells.size else 0.0

    def draw(width: float, key: str) -> Markup:
        phone = width < COMPACT
        left = min(max(text_width(name, SMALL) for name in names) + 8, width * 0.3)
        right = max((text_width(end, SMALL) + 8 for end in ends), default=0.0)
        side = (width - left - right) / 24
        tall = 20.0 if len(names) <= 7 else min(max(side * 0.8, 14.0), 20.0)
        gap = 1.0 if phone else 1.5
        parts = []
        for r, name in enumerate(names):
            y = 4 + r * tall
            parts.append(label(left - 6, y + tall / 2 + 4, name, anchor="end", size=SMALL, within=left - 6))
            if ends:
                parts.append(label(width, y + tall / 2 + 4, ends[r], anchor="end", size=SMALL, muted=True))
            for hour in range(24):
                value = float(cells[r, hour])
                words = f"{name}, {hour:02}:00: {decimal(value)} {unit}"
                parts.append(box(left + hour * side, y, side - gap, tall - gap, f"heat{step(value, most)}", tip(words)))
        foot = 4 + len(names) * tall
        parts += [
            label(left + hour * side, foot + 13, f"{hour:02}:00", size=SMALL, muted=True)
            for hour in range(0, 24, 6 if phone else 3)
        ]
        parts.append(label((left + width - right) / 2, foot + 30, across, anchor="middle", size=SMALL, muted=True))
        legend = _legend(width, foot + 44, most, unit)
        return drawing(width, foot + (84 if width < 640 else 64), told, joined(parts), joined(legend))

    return draw


def weekdays(of: Demand) -> Picture:
    """Mean trips by weekday and hour."""
    found = [(name, *mean_day(of, [i])) for i, name in enumerate(WEEKDAYS)]
    found = [row for row in found if row[1]]
    if not found:
        return nothing("No demand by weekday", NO_DEMAND)
    cells = np.array([hours for _, _, hours in found])
    sums = cells.sum(axis=1)
    best, least = int(np.argmax(sums)), int(np.argmin(sums))
    if len(found) == 1:
        title = f"All trips begin on a {found[0][0]}"
    elif sums[best] == sums[least]:
        title = "Every weekday sees the same demand"
    else:
        title = (
            f"{found[best][0]} is the busiest day, {percent(sums[best] - sums[least], sums[least])} "
            f"above {found[least][0]}"
        )
    rows = tuple((name, plural(days, "day"), decimal(float(hours.sum()))) for name, days, hours in found)
    return Picture(
        title,
        "Mean trips by weekday and hour of pickup.",
        heat([row[0] for row in found], cells, "trips per hour", "hour of pickup", title),
        ("weekday", "measured", "trips per day"),
        rows,
    )


def zone_totals(zone_hour: pa.Table) -> dict[int, int]:
    """Trips by zone, over all hours."""
    summed = zone_hour.select(["zone", "trips"]).group_by("zone", use_threads=False).aggregate([("trips", "sum")])
    return dict(sorted(zip(summed["zone"].to_pylist(), summed["trips_sum"].to_pylist(), strict=True)))


def zone_name(zone: int, names: Mapping[int, str]) -> str:
    """What people call a zone: its number, and its name where that is known."""
    return f"{zone} {names[zone]}" if names.get(zone) else f"zone {zone}"


def zone_hours(zone_hour: pa.Table, of: Demand, names: Mapping[int, str], most: int = 20) -> Picture:
    """The busiest zones hour by hour, in mean trips over the measured days of their Demand."""
    totals = zone_totals(zone_hour)
    ranked = sorted((zone for zone, n in totals.items() if n), key=lambda zone: (-totals[zone], zone))[:most]
    if not ranked:
        return nothing("No demand by zone and hour", NO_DEMAND)
    hour = zone_hour["hour"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // HOUR
    sums = np.zeros((1 + max(ranked), 24))
    zone = zone_hour["zone"].to_numpy()
    kept = np.isin(zone, ranked) & np.isin(hour // 24, of.days)
    np.add.at(sums, (zone[kept], hour[kept] % 24), zone_hour["trips"].to_numpy()[kept])
    days = max(len(of.days), 1)
    by_zone = sums[ranked].sum(axis=1)
    cells = sums[ranked] / np.maximum(by_zone, 1)[:, None] * 100
    peaks = np.argmax(cells, axis=1)
    common = int(np.argmax(np.bincount(peaks[by_zone > 0], minlength=24)))
    same = int((peaks[by_zone > 0] == common).sum())
    if len(ranked) == 1:
        title = f"{zone_name(ranked[0], names).capitalize()} peaks at {common:02}:00"
    else:
        title = f"{same} of the {len(ranked)} busiest zones peak{'s' * (same == 1)} at {common:02}:00"
        others = np.bincount(peaks[by_zone > 0], minlength=24)
        others[common] = 0
        if others.any():
            title += f", {int(others.max())} at {int(np.argmax(others)):02}:00"
    rows = tuple(
        (zone_name(z, names), count(totals[z]), f"{int(p):02}:00", decimal(float(sums[z, p]) / days))
        for z, p in zip(ranked, peaks, strict=True)
    )
    ends = [f"{compact(float(f'{totals[z]:.3g}'))} {'trip' if totals[z] == 1 else 'trips'}" for z in ranked]
    return Picture(
        title,
        "When a zone's trips begin: each row is a zone and adds up to 100 per cent over the day.",
        heat([zone_name(z, names) for z in ranked], cells, "% of the zone's trips", "hour of pickup", title, ends),
        ("zone", "trips", "busiest hour", "mean trips in it"),
        rows,
    )


def busiest(trips: Mapping[int, int], names: Mapping[int, str], most: int = 12) -> Picture:
    """The zones where most trips begin, as bars; `names` of zones where they are known."""
    busy = sorted(((n, zone) for zone, n in trips.items() if n), key=lambda pair: (-pair[0], pair[1]))
    total = sum(n for n, _ in busy)
    if not busy:
        return nothing("No demand by zone", NO_DEMAND)
    bars = [Bar(zone_name(zone, names), n, f"{count(n)} · {percent(n, total)}") for n, zone in busy[:most]]
    lead = min(10, max(len(busy) // 4, 1))
    if len(busy) == 1:
        where = zone_name(busy[0][1], names)
        title = f"The one trip begins in {where}" if total == 1 else f"All {count(total)} trips begin in {where}"
    elif lead == 1:
        title = f"The busiest of {len(busy)} zones sees {percent(busy[0][0], total)} of the trips"
    else:
        share = percent(sum(n for n, _ in busy[:lead]), total)
        title = f"The {lead} busiest of {len(busy)} zones see {share} of the trips"
    rows = tuple((zone_name(zone, names), count(n), percent(n, total)) for n, zone in busy)
    return Picture(
        title,
        f"Trips by zone of pickup{f', the {most} busiest' if len(busy) > most else ''}.",
        horizontal(bars, "trips", title, whole=True),
        ("zone", "trips", "share"),
        rows,
    )


def tiles(trips: Mapping[int, int], names: Mapping[int, str]) -> Picture:
    """Every zone as one tile, in the order of its number: which are busy, which are silent."""
    if not any(trips.values()):
        return nothing("No zone sees a trip", NO_DEMAND)
    last = max(ZONES, *trips)
    most = max(trips.values())
    silent = last - sum(1 for n in trips.values() if n)

    def draw(width: float, key: str) -> Markup:
        across = 20
        left = 38.0
        side = (width - left) / across
        tall = min(side, 24.0)
        parts = []
        for zone in range(1, last + 1):
            row, column = divmod(zone - 1, across)
            n = trips.get(zone, 0)
            words = tip(f"{zone_name(zone, names)}: {plural(n, 'trip')}")
            parts.append(
                box(
                    left + column * side,
                    18 + row * tall,
                    side - 1.5,
                    tall - 1.5,
                    f"heat{step(n, most, 2)}",
                    words,
                    rx=2,
                )
            )
            if not column:
                parts.append(
                    label(left - 6, 18 + row * tall + tall / 2 + 4, str(zone), anchor="end", size=SMALL, muted=True)
                )
        parts += [
            label(left + column * side, 11, f"+{column}", size=SMALL, muted=True) for column in range(0, across, 5)
        ]
        foot = 18 + ((last - 1) // across + 1) * tall
        legend = _legend(width, foot + 10, most, "trips", 2)
        return drawing(width, foot + 50, title, joined(parts), joined(legend))

    title = (
        f"All {last} zones see trips" if not silent else f"{silent} of {last} zones see{'s' * (silent == 1)} no trip"
    )  # fmt: skip
    return Picture(
        title,
        "Trips by zone of pickup. A tile is a zone, in the order of numbers and not on a map: "
        "its number is the one at the left plus the one above.",
        draw,
        ("zone", "trips"),
        tuple((zone_name(zone, names), count(trips.get(zone, 0))) for zone in range(1, last + 1)),
    )
