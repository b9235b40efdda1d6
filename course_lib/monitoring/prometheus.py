"""What does a monitoring system want to know of a run?

A batch run is over before anyone could scrape it, so its numbers are left in a file that the node exporter's textfile
collector (or any reader of the text format) picks up. All are gauges, also the counts: each run starts again from
nothing, and a counter that falls would look like a restart. Units are base units: seconds, bytes, shares.

Labels come from the contract and from the plan, which are short lists; should a run bring more values than MANY, the
rarest are summed under `other`, because every label value is a time series that someone has to store.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Info, write_to_textfile

from course_lib.storage.atomic import replacing
from course_lib.validation.metrics import QualityTarget, judge

MANY = 50  # values of one label
LONG = 100  # characters of one label value
OTHER = "other"
_MEBIBYTE = 1 << 20


def write_metrics(
    run: Mapping[str, Any],
    path: Path,
    quality: Sequence[QualityTarget] = (),
    finished_at: float | None = None,
) -> None:
    """Replace the file `path` (name it *.prom) by the metrics of one run.

    run          the fields of run.json; peak_rss_mb in MiB
    finished_at  seconds since 1970-01-01 UTC of the end of a run that succeeded; None leaves the metric out, so
                 that an alert on its age fires

    Raises OutputUnwritable.
    """
    collected = registry(run, quality, finished_at)
    with replacing(path) as beside:  # the client replaces too, but does not sync and leaves strays of its own name
        write_to_textfile(str(beside), collected)


def registry(
    run: Mapping[str, Any],
    quality: Sequence[QualityTarget] = (),
    finished_at: float | None = None,
) -> CollectorRegistry:
    """The metrics of one run, in a registry of their own: nothing about this process or Python."""
    into = CollectorRegistry(auto_describe=True)

    def gauge(name: str, meaning: str, value: float | None) -> None:
        if value is not None:
            Gauge(name, meaning, registry=into).set(_number(value))

    def gauges(name: str, meaning: str, label: str, values: Mapping[str, float | None]) -> None:
        metric = Gauge(name, meaning, [label], registry=into)
        for key, value in values.items():
            if value is not None:
                metric.labels(key).set(_number(value))

    gauge("course_rows_read", "Rows read from all input files.", run["rows_read"])
    gauges(
        "course_rows",
        "Rows by what became of them; their sum is course_rows_read.",
        "fate",
        {fate: run[f"rows_{fate}"] for fate in ("silver", "quarantined", "duplicate")},
    )
    gauges(
        "course_quarantined_rows",
        "Rows that break the rule; a row may break several, so these may add up to more than the rows quarantined.",
        "reason",
        bounded(run.get("quarantine_reasons") or {}),
    )
    gauges(
        "course_warning_rows",
        "Rows read that break a rule which refuses no row.",
        "warning",
        bounded(run.get("warnings") or {}),
    )
    gauge("course_input_files", "Input files read.", len(run.get("files") or ()))
    gauge("course_zone_hours", "Rows of the gold table of demand by zone and hour.", run.get("zone_hours"))

    gauge("course_run_duration_seconds", "Wall time of the whole run.", run.get("seconds"))
    peak = run.get("peak_rss_mb")
    gauge("course_peak_memory_bytes", "Peak resident memory of the run.", None if peak is None else peak * _MEBIBYTE)
    steps = run.get("steps") or ()
    gauges("course_step_duration_seconds", "Wall time of a step.", "step", _by_name(steps, "seconds"))
    gauges("course_step_rows", "Rows that a step handled.", "step", _by_name(steps, "rows"))

    model = run.get("model")
    if model:
        gauges(
            "course_model_mae_seconds",
            "Mean absolute error of the predicted trip duration on the test set, beside two baselines.",
            "model",
            {
                "model": model["mae_s"],
                "mean": model["baseline_mean_mae_s"],
                "zone_hour_mean": model["baseline_zone_hour_mae_s"],
            },
        )
        gauges(
            "course_model_rows",
            "Trips in the training set and in the test set.",
            "set",
            {"train": model.get("rows_train"), "test": model.get("rows_test")},
        )

    if quality:
        verdicts = judge(quality)
        gauges(
            "course_quality_value",
            "A quality metric; its direction and unit are in the report.",
            "metric",
            {verdict.of.name: verdict.of.value for verdict in verdicts},
        )
        gauges(
            "course_quality_target",
            "What is asked of the metric.",
            "metric",
            {verdict.of.name: verdict.of.target for verdict in verdicts},
        )
        gauges(
            "course_quality_met",
            "1 where the target is met, 0 where it is missed; absent where the metric could not be measured.",
            "metric",
            {verdict.of.name: None if verdict.met is None else float(verdict.met) for verdict in verdicts},
        )

    if run.get("digest"):
        Info("course_run", "The published tables.", registry=into).info({"digest": str(run["digest"])[:LONG]})
    gauge("course_last_success_timestamp_seconds", "When the last run succeeded, since 1970-01-01 UTC.", finished_at)
    return into


def bounded(counts: Mapping[str, float], many: int = MANY) -> dict[str, float]:
    """At most `many` labels: the largest counts under their own names, cut to LONG characters, the rest as OTHER.

    >>> bounded({"a": 1, "b": 3, "c": 2}, many=2)
    {'b': 3, 'other': 3}
    """
    named: dict[str, float] = {}
    for name, count in counts.items():
        label = _label(name)
        named[label] = named.get(label, 0) + count
    if len(named) <= many:
        return named
    largest = sorted(named, key=lambda label: (-named[label], label))
    kept = [label for label in largest if label != OTHER][: many - 1]
    return {label: named[label] for label in kept} | {OTHER: sum(named.values()) - sum(named[k] for k in kept)}


def _by_name(steps: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """The sum of `key` by step; a step that ran twice took both times."""
    totals: dict[str, float] = {}
    for step in steps:
        if step.get(key) is not None:
            totals[step["name"]] = totals.get(step["name"], 0) + step[key]
    return bounded(totals)


def _label(name: str) -> str:
    return str(name).encode("utf-8", "backslashreplace").decode()[:LONG]


def _number(value: float) -> float:
    """`value` as a float; what is too large for one is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
