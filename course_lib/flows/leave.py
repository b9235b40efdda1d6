"""What does a finished run leave for people and machines? The report and the metrics, beside run.json."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from course_lib.flows.pipeline import Outcome
from course_lib.monitoring.prometheus import write_metrics
from course_lib.reports.data import of
from course_lib.reports.html import render
from course_lib.reports.rules import row_told
from course_lib.storage import layout
from course_lib.storage.atomic import write_text
from course_lib.trips.contract import VERSION
from course_lib.trips.schema import NAMES
from course_lib.validation.metrics import quality


def leave(out: Path, facts: dict[str, Any], outcome: Outcome) -> None:
    """Write OUT/metrics.prom and OUT/report.html for the run that `facts` (run.json) tells of."""
    about = profile(facts, outcome)
    targets = quality(facts, about)
    write_metrics(facts, out / "metrics.prom", targets, finished_at=time.time())
    tables = out / "current"
    residuals = tables / "model" / "residuals.parquet"
    data = of(
        facts,
        zone_hour=layout.read_table(tables / "gold" / "zone_hour.parquet"),
        residuals=layout.read_table(residuals) if residuals.exists() else None,
        quality=targets,
        profile=about,
        examples=examples(tables / "quarantine", list(facts["quarantine_reasons"])),
        versions={
            "contract": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in ("pyarrow", "numpy", "dask", "prefect", "feast", "scikit-learn")},
        },
    )
    write_text(out / "report.html", render(data))


def profile(facts: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Rows, nulls and rows where published, of each column of silver."""
    published = dict.fromkeys(NAMES, 0)
    for file, names in zip(outcome.silver.files, outcome.published, strict=True):
        for name in names:
            published[name] += file.rows_silver
    return {"rows": facts["rows_silver"], "nulls": outcome.nulls, "published": published}


def examples(quarantine: Path, reasons: list[str]) -> dict[str, str]:
    """For each reason one refused row: the text that could not be read, or the values that could."""
    found: dict[str, str] = {}
    for path in sorted(quarantine.glob("*.parquet")):
        wanted = [reason for reason in reasons if reason not in found]
        if not wanted:
            break
        rows = layout.read_table(path)
        told = pc.split_pattern(rows["reasons"], ";").to_pylist()
        for reason in wanted:
            first = next((i for i, broken in enumerate(told) if reason in broken), None)
            if first is not None:
                found[reason] = row_told(reason, rows.slice(first, 1).to_pylist()[0])
    return found
