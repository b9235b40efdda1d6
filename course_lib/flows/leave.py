"""What does a finished run leave for people and machines? The report and the metrics, beside run.json."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from course_lib.flows.pipeline import Outcome
from course_lib.monitoring.prometheus import write_metrics
from course_lib.trips.schema import NAMES
from course_lib.validation.metrics import quality


def leave(out: Path, facts: dict[str, Any], outcome: Outcome) -> None:
    """Write OUT/metrics.prom and OUT/report.html."""
    targets = quality(facts, profile(facts, outcome))
    write_metrics(facts, out / "metrics.prom", targets, finished_at=time.time())


def profile(facts: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Rows, nulls and rows where published, of each column of silver."""
    published = dict.fromkeys(NAMES, 0)
    for file, names in zip(outcome.silver.files, outcome.published, strict=True):
        for name in names:
            published[name] += file.rows_silver
    return {"rows": facts["rows_silver"], "nulls": outcome.nulls, "published": published}
