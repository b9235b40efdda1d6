"""Is it fit to use?

unfit   nothing was kept, or rows are unaccounted for
care    a quality target is missed, an input was left out, or the model is no better than a guess
fit     none of these
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from course_lib.plots.words import count, error_seconds, listed, percent, plural, spoken
from course_lib.reports.data import ReportData
from course_lib.validation.metrics import judge


class FitToUse(NamedTuple):
    """The answer, and what it rests on."""

    level: Literal["fit", "care", "unfit"]
    answer: str
    reasons: tuple[str, ...]  # sentences; empty where there is nothing to say against it


def fit_to_use(data: ReportData) -> FitToUse:
    """The verdict on a run."""
    lost = data.rows_read - data.rows_silver - data.rows_quarantined - data.rows_duplicate
    if lost:
        what = f"{plural(abs(lost), 'row')} {'unaccounted for' if lost > 0 else 'counted twice'}"
        return FitToUse("unfit", "Do not use it", (f"{what}: rows read must equal kept, quarantined and duplicate.",))
    if not data.rows_read:
        return FitToUse("unfit", "There is nothing to use", ("Not one row was read.",))
    if not data.rows_silver:
        return FitToUse("unfit", "There is nothing to use", ("Not one row was kept.",))
    verdicts = judge(data.quality)
    missed = [spoken(verdict.of.name) for verdict in verdicts if verdict.met is False]
    reasons = []
    if missed:
        measured = sum(verdict.met is not None for verdict in verdicts)
        reasons.append(f"{len(missed)} of {plural(measured, 'quality target')} missed: {listed(missed, 4)}.")
    if data.skipped:
        reasons.append(f"{plural(len(data.skipped), 'input')} could not be read and {_is(len(data.skipped))} left out.")
    if data.model and data.model["mae_s"] >= _best_baseline(data) and "model over best baseline" not in missed:
        reasons.append("The model is no better than a baseline.")
    if reasons:
        return FitToUse("care", "Use it with care", tuple(reasons))
    return FitToUse("fit", "Fit to use", ())


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _best_baseline(data: ReportData) -> float:
    assert data.model
    return min(data.model["baseline_mean_mae_s"], data.model["baseline_zone_hour_mae_s"])


def came_in(data: ReportData) -> str:
    """What came in and what was kept, in a sentence."""
    files = plural(len(data.files), "file")
    if not data.rows_read:
        return f"No row was read{f' from {files}' if data.files else ''}"
    if data.rows_silver == data.rows_read:
        return f"{plural(data.rows_read, 'row')} came in from {files}, and every one is kept"
    kept = f"{count(data.rows_silver)} {_is(data.rows_silver)} kept" if data.rows_silver else "none is kept"
    return f"{plural(data.rows_read, 'row')} came in from {files}; {kept}"


def refused(data: ReportData) -> str:
    """What was not kept, in a sentence; empty where that is nothing."""
    parts = []
    if data.rows_quarantined:
        share = percent(data.rows_quarantined, data.rows_read)
        parts.append(
            f"{count(data.rows_quarantined)} ({share}) {_is(data.rows_quarantined)} in quarantine, with all reasons"
        )
    if data.rows_duplicate:
        share = percent(data.rows_duplicate, data.rows_read)
        gone = "was displaced by another row" if data.rows_duplicate == 1 else "were displaced by other rows"
        parts.append(f"{count(data.rows_duplicate)} ({share}) {gone} of the same trip")
    return f"{'; '.join(parts)}." if parts else ""


def about_model(data: ReportData) -> str:
    """How good the model is, in a sentence."""
    if not data.model:
        return f"There is no model: {data.model_skipped or 'it was not trained'}."
    mae, best = data.model["mae_s"], _best_baseline(data)
    if best > 0 and mae < best:
        less = percent(best - mae, best)
        return f"The duration model errs by {error_seconds(mae)}, {less} less than the better baseline."
    return f"The duration model errs by {error_seconds(mae)}, no less than the better baseline ({error_seconds(best)})."
