"""How wrong is the model, against what anyone could have guessed?

Errors are mean absolute errors of the trip's duration in seconds, so less is better. The baselines are the overall mean
and the mean of zone and hour, both from the training part only.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from course_lib.plots.bars import Bar, horizontal
from course_lib.plots.curves import Line, curves, hours_axis
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.words import count, decimal, error_seconds, known, percent, plural


def model_error(mae_s: float, mean_s: float, zone_hour_s: float, rows_test: int) -> Picture:
    """The model's mean absolute error beside its two baselines, in seconds."""
    named = [
        ("model", mae_s, "model"),
        ("mean of zone and hour", zone_hour_s, "zone_hour"),
        ("overall mean", mean_s, "mean"),
    ]
    shown = [(name, value, colour) for name, value, colour in named if known(value)]
    if len(shown) < 3:
        return nothing("The model's error is not known", "One of the three errors is missing or not a number.")
    best = min(zone_hour_s, mean_s)
    against = "the mean of zone and hour" if zone_hour_s <= mean_s else "the overall mean"
    if mae_s < best:
        title = f"The model errs by {error_seconds(mae_s)}, {percent(best - mae_s, best)} less than {against}"
    elif mae_s == best:
        title = f"The model errs by {error_seconds(mae_s)}, no less than {against}"
    else:
        worse = f"{percent(mae_s - best, best)} more than {against}" if best else f"where {against} errs not at all"
        title = f"The model does not pay: it errs by {error_seconds(mae_s)}, {worse}"
    bars = [Bar(name, value, f"{decimal(value)} s", colour) for name, value, colour in shown]
    rows = tuple((name, f"{decimal(value, 2)} s", _change(value, mae_s)) for name, value, _ in shown)
    return Picture(
        title,
        f"Mean absolute error of the duration on {plural(rows_test, 'test trip')}, in seconds: less is better.",
        horizontal(bars, "seconds", title),
        ("prediction", "error", "the model's error against it"),
        rows,
    )


def _change(value: float, mae_s: float) -> str:
    if not value or value == mae_s:
        return "–"
    return f"{percent(abs(mae_s - value), value)} {'less' if mae_s < value else 'more'}"


def residuals(by_hour: pa.Table) -> Picture:
    """The three errors by hour of pickup.

    by_hour  (at most 24 rows)  hour (0..23), trips (tested), mae_model_s, mae_mean_s, mae_zone_hour_s, and where there
             is one bias_model_s (predicted minus actual)
    """
    names = ["hour", "trips", "mae_model_s", "mae_mean_s", "mae_zone_hour_s", "bias_model_s"]
    columns = [by_hour[n].to_pylist() if n in by_hour.column_names else [None] * by_hour.num_rows for n in names]
    rows = sorted(zip(*columns, strict=True), key=lambda row: row[0])
    rows = [row for row in rows if row[1] and known(row[2])]
    if not rows:
        return nothing("No errors by hour", "No trip was tested.")
    found = {row[0]: row for row in rows}
    lines = [
        Line(name, colour, dash, tuple(found[h][column] if h in found else None for h in range(24)))
        for name, colour, dash, column in (
            ("model", "model", "", 2), ("zone and hour", "zone_hour", "7 3", 4), ("overall mean", "mean", "2 3", 3),
        )
    ]  # fmt: skip
    told = tuple(
        (f"{hour:02}:00", count(n), *(f"{decimal(value)} s" for value in (model, zone_hour, mean, bias)))
        for hour, n, model, mean, zone_hour, bias in rows
    )
    title = _finding(rows)
    return Picture(
        title,
        "Mean absolute error by hour of pickup, in seconds, for the model and its two baselines.",
        curves(lines, range(24), hours_axis, "seconds", "hour of pickup", title, tell=lambda h: f"{h:02.0f}:00"),
        ("hour", "trips", "model", "zone and hour", "overall mean", "model's bias"),
        told,
    )


def _finding(rows: Sequence[tuple]) -> str:
    wins = sum(
        1
        for _, _, model, mean, zone_hour, _ in rows
        if model < min((v for v in (mean, zone_hour) if known(v)), default=0.0)
    )
    beats = (
        "beats both baselines in every hour" if wins == len(rows) else
        "beats both baselines in no hour" if not wins else
        f"beats both baselines in {wins} of {len(rows)} hours"
    )  # fmt: skip
    if len(rows) == 1:
        return f"All tested trips begin at {rows[0][0]:02}:00, where the model errs by {error_seconds(rows[0][2])}"
    worst = max(rows, key=lambda row: row[2])
    best = min(rows, key=lambda row: row[2])
    return (
        f"The model {beats}; it errs most at {worst[0]:02}:00 ({error_seconds(worst[2])}), "
        f"least at {best[0]:02}:00 ({error_seconds(best[2])})"
    )
