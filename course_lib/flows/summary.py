"""What does a finished run say at the terminal? A screenful, ending with where to look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_lib.errors import one_line


def show(facts: dict[str, Any], out: Path, console: Console) -> None:
    """Print the summary of run.json's `facts`."""
    console.print()
    console.print(_fates(facts))
    for title, counts in (("Refused because", facts["quarantine_reasons"]), ("Warnings", facts["warnings"])):
        if counts:
            console.print(_counts(title, counts, facts["rows_read"]))
    console.print(_model(facts), highlight=False)
    for skipped in facts["skipped"]:
        console.print(
            f"[bold]skipped[/] {escape(one_line(skipped['path']))}: {escape(one_line(skipped['why']))}",
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"took {facts['seconds']:.1f} s and {facts['peak_rss_mb']:,} MB at most", highlight=False)
    console.print(one_line(f"tables  {out / 'current'}"), markup=False, highlight=False, soft_wrap=True)
    console.print(one_line(f"report  {out / 'report.html'}"), markup=False, highlight=False, soft_wrap=True)


def _fates(facts: dict[str, Any]) -> Table:
    table = Table(title="What became of the rows", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for name, key in (
        ("read", "rows_read"),
        ("silver", "rows_silver"),
        ("quarantined", "rows_quarantined"),
        ("duplicate", "rows_duplicate"),
    ):
        table.add_row(name, f"{facts[key]:,}", _share(facts[key], facts["rows_read"]))
    return table


def _counts(title: str, counts: dict[str, int], rows: int) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{count:,}", _share(count, rows))
    return table


def _model(facts: dict[str, Any]) -> str:
    model = facts["model"]
    if model is None:
        return f"no model: {facts['model_skipped']}"
    return (
        f"the model misses a trip's duration by {model['mae_s']:.0f} s on average\n"
        f"(the mean per zone and hour by {model['baseline_zone_hour_mae_s']:.0f} s, "
        f"the mean by {model['baseline_mean_mae_s']:.0f} s)"
    )


def _share(count: int, rows: int) -> str:
    return f"{count / rows:.2%}" if rows else ""
