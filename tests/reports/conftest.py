"""A run as the pipeline leaves it, made up: 200,000 rows of one month, with the rhythm of a city."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from course_lib.reports.data import ZONE_HOUR, ReportData, of
from course_lib.reports.html import render
from course_lib.validation.metrics import quality

REASONS = {
    "dropoff_not_after_pickup": 1_512, "distance_not_positive": 1_448, "negative_fare": 896, "refund": 781,
    "longer_than_23h": 603, "unparseable_line": 150, "outside_type": 378, "required_null": 212,
    "distance_over_100_miles": 31,
}  # fmt: skip
WARNINGS = {
    "unknown_zone": 1_390, "zero_fare": 804, "no_passengers": 611, "codes_all_null": 2_118, "outside_month": 97,
    "shared_trip": 44, "refunded": 780,
}  # fmt: skip
STEPS = (
    ("discover", 1.4, 1), ("ingest", 2.6, 2), ("index", 0.5, 2), ("repeats", 0.4, 16), ("refine", 3.1, 2),
    ("resolve", 0.8, 1), ("aggregate", 0.9, 2), ("gold", 0.4, 4), ("features", 6.2, 1), ("training", 2.2, 1),
    ("model", 4.9, 1), ("audit", 0.6, 2), ("publish", 0.3, 1),
)  # fmt: skip


@cache
def city(trips: int = 190_000, days: int = 31, zones: int = 240, seed: int = 7) -> pa.Table:
    """A zone-hour table with about `trips` trips from Thursday, 1 October 2020 on, and nine strays of 2008."""
    draws = np.random.default_rng(seed)
    hour, day = np.arange(24), np.arange(days)
    work = 0.25 + np.exp(-((hour - 8.5) ** 2) / 6) + 1.35 * np.exp(-((hour - 18) ** 2) / 9)
    rest = 0.35 + 1.1 * np.exp(-((hour - 14) ** 2) / 30) + 0.5 * np.exp(-((hour - 0.5) ** 2) / 5)
    weekend = ((day + 3) % 7 >= 5)[:, None]
    busy = 1 / (np.arange(1, zones + 1) ** 0.9)
    share = np.where(weekend, rest, work)[:, :, None] * draws.permutation(busy)[None, None, :]
    n = draws.poisson(share / share.sum() * trips)
    d, h, z = np.nonzero(n)
    start = np.datetime64("2020-10-01", "h").astype(np.int64)
    at = (start + d * 24 + h) * 3_600_000_000
    count = n[d, h, z].astype(np.int64)
    strays = np.datetime64("2008-12-31T23", "h").astype(np.int64) * 3_600_000_000 + np.arange(9) * 86_400_000_000
    at = np.concatenate([strays, at])
    count = np.concatenate([np.ones(9, np.int64), count])
    zone = np.concatenate([np.full(9, 74), z + 1]).astype(np.int32)
    columns = [
        pa.array(at).view(pa.timestamp("us")),
        zone,
        count,
        count * 1_450,
        count * 4_200,
        count * 980,
        count * 0 + 9_000,
    ]
    return pa.table([pa.array(column) for column in columns], schema=ZONE_HOUR)


def residuals() -> pa.Table:
    """Errors by hour of the day, worst in the evening."""
    hour = np.arange(24)
    rush = np.exp(-((hour - 17) ** 2) / 14)
    return pa.table(
        {
            "hour": hour.astype(np.int32), "trips": (400 + 2_000 * rush).astype(np.int64),
            "mae_model_s": 150 + 110 * rush, "mae_mean_s": 470 + 60 * rush, "mae_zone_hour_s": 260 + 130 * rush,
            "bias_model_s": 12 * np.sin(hour),
        }
    )  # fmt: skip


def a_run() -> dict:
    """The fields of run.json."""
    files = [
        {"path": f"out/generated/green_tripdata_2020-{month}.csv", "rows_read": read, "rows_silver": kept,
         "rows_quarantined": refused, "rows_duplicate": repeated, "header": "green-2019-07"}
        for month, read, kept, refused, repeated in (
            ("10", 196_400, 188_462, 5_688, 2_250), ("11", 3_600, 3_438, 112, 50),
        )
    ]  # fmt: skip
    return {
        "rows_read": 200_000, "rows_silver": 191_900, "rows_quarantined": 5_800, "rows_duplicate": 2_300,
        "quarantine_reasons": REASONS, "warnings": WARNINGS, "files": files, "skipped": [], "zone_hours": 60_312,
        "digest": "9f2c" * 16,
        "model": {"mae_s": 214.3, "baseline_mean_mae_s": 497.0, "baseline_zone_hour_mae_s": 318.2,
                  "rows_train": 153_520, "rows_test": 38_380},
        "seconds": 31.4, "peak_rss_mb": 612,
        "steps": [{"name": name, "seconds": s, "tasks": tasks, "reused": 0} for name, s, tasks in STEPS],
    }  # fmt: skip


def a_profile(rows: int = 191_900) -> dict:
    """Nulls of silver: zones and codes are missing here and there, operators were never published."""
    nulls = {"pickup_zone": 610, "dropoff_zone": 780, "vendor_id": 2_118, "rate_code": 2_118, "payment_type": 2_118,
             "passengers": 2_118, "operator": rows}  # fmt: skip
    names = ("pickup_at", "dropoff_at", "distance_m", "fare_cents", "tip_cents", "total_cents", *nulls)
    return {"rows": rows, "nulls": nulls, "published": dict.fromkeys(names, rows) | {"operator": 0}}


def make(**changes) -> ReportData:
    """The report's data of that run, with `changes` to run.json."""
    run = a_run() | changes
    profile = a_profile(run["rows_silver"]) if run["rows_silver"] > 10_000 else None
    given = profile or {"rows": 0, "nulls": {}, "published": {}}
    return of(
        run, zone_hour=city(), residuals=residuals() if run["model"] else None, quality=quality(run, given),
        profile=profile, versions={"course_lib": "0.1.0", "Python": "3.11.7", "pyarrow": "26.0.1"},
    )  # fmt: skip


@pytest.fixture(scope="session", name="make")
def _make() -> Callable[..., ReportData]:
    return make


@pytest.fixture(scope="session")
def data() -> ReportData:
    return make()


@pytest.fixture(scope="session")
def page(data: ReportData) -> str:
    return render(data)
