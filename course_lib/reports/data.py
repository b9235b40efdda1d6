"""What is a report made of?

Plain values and Arrow tables, no paths and no clock: the same data give the same page. `of` takes them from where the
pipeline leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from course_lib.trips.schema import TIME
from course_lib.validation.metrics import QualityTarget, Share, columns

ZONE_HOUR = pa.schema(
    [
        pa.field("hour", TIME),
        pa.field("zone", pa.int32()),
        *(pa.field(name, pa.int64()) for name in ("trips", "fare_cents", "distance_m", "seconds", "max_fare_cents")),
    ]
)


@dataclass(frozen=True)
class ReportData:
    """Everything that report.html shows; texts may hold anything, they are escaped where they are written."""

    rows_read: int
    rows_silver: int
    rows_quarantined: int
    rows_duplicate: int
    quarantine_reasons: Mapping[str, int]  # rule to rows that break it; a row may break several
    warnings: Mapping[str, int]  # rule to rows that break it, of all rows read
    files: Sequence[Mapping[str, Any]]  # path, rows_read, rows_silver, rows_quarantined, rows_duplicate, header
    zone_hours: int  # rows of gold's zone-hour table
    digest: str
    model: Mapping[str, Any] | None  # mae_s, baseline_mean_mae_s, baseline_zone_hour_mae_s, rows_train, rows_test
    model_skipped: str | None  # why there is no model
    seconds: float
    peak_rss_mb: float
    steps: Sequence[Mapping[str, Any]]  # name, seconds, and what plots/steps.py understands
    zone_hour: pa.Table  # (n rows) hour, zone, trips, ...: gold's table
    residuals: pa.Table | None  # (at most 24 rows) models/training.py RESIDUALS
    quality: Sequence[QualityTarget]
    completeness: Mapping[str, Share] = field(default_factory=dict)  # column to values there of values published
    skipped: Sequence[Mapping[str, str]] = ()  # inputs left out: path, why
    examples: Mapping[str, str] = field(default_factory=dict)  # rule to a refused row as it was read
    zone_names: Mapping[int, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)  # what made it: python, course_lib, ...


def of(
    run: Mapping[str, Any],
    *,
    zone_hour: pa.Table,
    residuals: pa.Table | None,
    quality: Sequence[QualityTarget],
    profile: Mapping[str, Any] | None = None,
    examples: Mapping[str, str] | None = None,
    zone_names: Mapping[int, str] | None = None,
    versions: Mapping[str, str] | None = None,
) -> ReportData:
    """The data of the report on a run.

    run      the fields of run.json
    profile  of silver, as validation/metrics.py `quality` takes it; None leaves out the completeness of columns
    """
    return ReportData(
        rows_read=run["rows_read"],
        rows_silver=run["rows_silver"],
        rows_quarantined=run["rows_quarantined"],
        rows_duplicate=run["rows_duplicate"],
        quarantine_reasons=run.get("quarantine_reasons") or {},
        warnings=run.get("warnings") or {},
        files=run.get("files") or (),
        zone_hours=run.get("zone_hours") or 0,
        digest=run.get("digest") or "",
        model=run.get("model"),
        model_skipped=run.get("model_skipped"),
        seconds=run.get("seconds") or 0.0,
        peak_rss_mb=run.get("peak_rss_mb") or 0.0,
        steps=run.get("steps") or (),
        zone_hour=zone_hour,
        residuals=residuals,
        quality=quality,
        completeness=columns(profile) if profile else {},
        skipped=run.get("skipped") or (),
        examples=examples or {},
        zone_names=zone_names or {},
        versions=versions or {},
    )
