"""What does report.html look like?

One page without a script and without anything fetched: a content policy in its head forbids both. Every figure is drawn
twice, for a desk and for a phone, and the style sheet shows one. Whatever came from a file (names, reasons, examples)
is escaped by the template's environment or by plots/svg.py, and control characters are made visible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from course_lib.plots import bars, demand, flow, grid, model, palette, steps, targets
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.svg import el, joined, paint
from course_lib.plots.words import count, decimal, error_seconds, known, percent, plural, printable, seconds
from course_lib.reports.data import ReportData
from course_lib.reports.rules import explained
from course_lib.reports.verdict import about_model, came_in, fit_to_use, refused
from course_lib.validation.metrics import judge

FULL, HALF, PHONE = 1040, 500, 348  # px
FILES = 300  # rows of the table of files
DEMAND = ("hours", "weekdays", "zones", "tiles", "zone_hours")  # figures beside that of the range
SECTIONS = (
    ("fit", "Fit to use?"), ("fate", "Rows by fate"), ("rules", "Rules"), ("quality", "Quality"), ("demand", "Demand"),
    ("model", "Model"), ("time", "Time"), ("files", "Files"),
)  # fmt: skip


class Figure(NamedTuple):
    """A picture drawn for both widths."""

    picture: Picture
    layout: str  # full or half
    wide: Markup
    narrow: Markup


class Tile(NamedTuple):
    """One big number."""

    name: str
    value: str
    under: str
    kind: str


class FileRow(NamedTuple):
    """One line of the table of files."""

    path: str
    header: str
    read: int
    kept: int
    refused: int
    repeated: int
    bar: Markup


class Files(NamedTuple):
    """The table of files."""

    finding: str
    shown: list[FileRow]
    hidden: int
    rest: FileRow | None  # the sums of the hidden ones


def render(data: ReportData) -> str:
    """The whole page; the same data give the same text."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_shown, keep_trailing_newline=True)
    environment.filters["count"] = count
    reasons = explained(data.quarantine_reasons, data.rows_read, data.examples)
    warnings = explained(data.warnings, data.rows_read, data.examples)
    return environment.from_string(_beside("page.html.j2")).render(
        data=data,
        style=Markup(palette.css() + _beside("style.css")),  # noqa: S704  ours
        sections=SECTIONS,
        verdict=fit_to_use(data),
        came_in=came_in(data),
        refused=refused(data),
        about_model=about_model(data),
        targets_met=_targets_met(data),
        tiles=_tiles(data),
        figures=_figures(data),
        reasons=reasons,
        warnings=warnings,
        unlisted=len(data.quarantine_reasons) + len(data.warnings) - len(reasons) - len(warnings),
        files=_files(data.files),
    )


def _shown(value: Any) -> Any:
    """What the template writes for `value`: any text but our own markup is made printable, whoever it came from."""
    return printable(value, 600) if isinstance(value, str) and not isinstance(value, Markup) else value


def _beside(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _targets_met(data: ReportData) -> str:
    verdicts = judge(data.quality)
    measured = sum(verdict.met is not None for verdict in verdicts)
    if not measured:
        return ""
    which = "" if measured == len(verdicts) else " that could be measured"
    if measured == 1:
        return f"and the one quality target{which} is met"
    return f"and all {measured} quality targets{which} are met"


def _tiles(data: ReportData) -> list[Tile]:
    read = data.rows_read
    tiles = [
        Tile("rows read", count(read), f"from {plural(len(data.files), 'file')}", "read"),
        Tile("kept", count(data.rows_silver), percent(data.rows_silver, read), "kept"),
        Tile("quarantined", count(data.rows_quarantined), percent(data.rows_quarantined, read), "refused"),
        Tile("repeats", count(data.rows_duplicate), percent(data.rows_duplicate, read), "repeated"),
    ]
    if data.model and known(data.model["mae_s"]):
        best = min(data.model["baseline_mean_mae_s"], data.model["baseline_zone_hour_mae_s"])
        tiles.append(
            Tile("model error", error_seconds(data.model["mae_s"]), f"best baseline {error_seconds(best)}", "plain")
        )
    else:
        tiles.append(Tile("model error", "–", "no model", "plain"))
    memory = f"{decimal(data.peak_rss_mb, 0)} MB at most" if data.peak_rss_mb else ""
    tiles.append(Tile("run", seconds(data.seconds), memory, "plain"))
    return tiles


def _figures(data: ReportData) -> dict[str, Figure | None]:
    rides = demand.demand(data.zone_hour)
    trips = grid.zone_totals(data.zone_hour)
    names = data.zone_names
    pictures = {
        "flow": (flow.rows_by_fate(data.rows_read, data.rows_silver, data.rows_quarantined, data.rows_duplicate,
                                   data.quarantine_reasons), FULL),
        "reasons": (bars.counts(data.quarantine_reasons, data.rows_read, what="reasons to refuse a row",
                                whole="rows read", colour="refused"), HALF),
        "warnings": (bars.counts(data.warnings, data.rows_read, what="warnings", whole="rows read",
                                 colour="warned"), HALF),
        "quality": (targets.allowance(data.quality), FULL),
        "hours": (demand.by_hour(rides), HALF),
        "weekdays": (grid.weekdays(rides), HALF),
        "range": (demand.over_time(rides), FULL),
        "zones": (grid.busiest(trips, names), HALF),
        "tiles": (grid.tiles(trips, names), HALF),
        "zone_hours": (grid.zone_hours(data.zone_hour, rides, names), FULL),
        "model": (_model(data), FULL),
        "steps": (steps.time_per_step(data.steps, data.seconds), FULL),
    }  # fmt: skip
    figures: dict[str, Figure | None] = dict.fromkeys((*DEMAND, "completeness", "residuals"))
    if not rides.measured.any():  # one picture says so, five more would say it again
        pictures = {key: found for key, found in pictures.items() if key not in DEMAND}
    if data.completeness:
        pictures["completeness"] = (bars.missing(data.completeness), FULL)
    if data.model and data.residuals is not None:
        pictures["residuals"] = (model.residuals(data.residuals), FULL)
    for key, (picture, width) in pictures.items():
        layout = "full" if width == FULL else "half"
        figures[key] = Figure(picture, layout, picture.svg(width, f"{key}-wide"), picture.svg(PHONE, f"{key}-phone"))
    return figures


def _model(data: ReportData) -> Picture:
    if not data.model:
        return nothing("There is no model", data.model_skipped or "It was not trained.")
    of = data.model
    return model.model_error(
        of["mae_s"], of["baseline_mean_mae_s"], of["baseline_zone_hour_mae_s"], of.get("rows_test") or 0
    )


def _files(files: Sequence[Mapping[str, Any]]) -> Files:
    ranked = list(files)
    if len(ranked) > FILES:
        ranked.sort(key=lambda file: (-file["rows_quarantined"], str(file["path"])))
    rows = [_file(file) for file in ranked]
    shown, hidden = rows[:FILES], rows[FILES:]
    rest = None
    if hidden:
        read, kept, refused, repeated = (
            sum(getattr(row, name) for row in hidden) for name in ("read", "kept", "refused", "repeated")
        )
        rest = FileRow("", "", read, kept, refused, repeated, Markup(""))
    return Files(_about_files(rows), shown, len(hidden), rest)


def _file(file: Mapping[str, Any]) -> FileRow:
    read, kept = file["rows_read"], file["rows_silver"]
    refused, repeated = file["rows_quarantined"], file["rows_duplicate"]
    path, header = printable(file["path"]), printable(file.get("header") or "")
    return FileRow(path, header, read, kept, refused, repeated, _shares(read, kept, refused, repeated))


def _shares(read: int, kept: int, refused: int, repeated: int) -> Markup:
    if read <= 0:
        return Markup("")
    x, parts = 0.0, []
    for rows, colour in ((kept, "kept"), (refused, "refused"), (repeated, "repeated")):
        width = rows / read * 120
        if rows:
            parts.append(el("rect", x=x, width=max(width, 0.8), height=12, **paint(colour)))
        x += width
    told = f"{percent(kept, read)} kept, {percent(refused, read)} quarantined, {percent(repeated, read)} repeats"
    return el("svg", joined(parts), viewBox="0 0 120 12", role="img", aria_label=told)


def _about_files(rows: Sequence[FileRow]) -> str:
    if not rows:
        return "No file was read"
    if len(rows) == 1:
        return f"The one file keeps {percent(rows[0].kept, rows[0].read)} of its rows"
    refusing = [row for row in rows if row.refused]
    if not refusing:
        return f"None of {count(len(rows))} files holds a refused row"
    worst = max(refusing, key=lambda row: (row.refused / max(row.read, 1), row.refused))
    share = percent(worst.refused, worst.read)
    return (
        f"{count(len(refusing))} of {plural(len(rows), 'file')} hold refused rows; most of all {worst.path} ({share})"
    )
