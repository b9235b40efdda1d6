"""How do runs become a page?

Every run is a record, one line of JSON in RESULTS.jsonl; RESULTS.md is made of all of them, so a benchmark of one
size leaves what is known of the other sizes as it was.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Record = Mapping[str, Any]  # "kind": batch, refused or one of TABLES; mostly "trips"; then what that kind says

TABLES = (
    ("pipeline", "The whole pipeline"),
    ("generator", "The generator"),
    ("grading", "Grading: the same honest submissions of chapters 1 to 3, equal points"),
    ("grading many", "Grading: many submissions of chapter 1 in one run"),
)
PAGE, LINES = "RESULTS.md", "RESULTS.jsonl"

ABOUT = """\
The batch path: read canonical trips from Parquet, judge every row by all rules, write quarantine with reasons, keep the
newest row per trip_id over all files, write silver by service and month, write zone-hour gold. Each peer does the
whole job in a process tree of its own, limited to the same cores; `benchmarks/peers/` shows how each is written.
A size counts only when all peers agree: same counts, same reasons, same rows in silver and quarantine, same bytes of
gold.

* **job** is from the first order to the last output, **wall** adds starting the interpreter and the imports.
* **CPU** is user and system time of the process tree.
* **peak memory** is that of the summed PSS of the process tree (pages shared by n processes count 1/n each), sampled
  every 100 ms, good to about 2 %.
* **answer** is the size of silver, quarantine and gold; **written** is all that was handed to the file system, scratch
  files included.
* Inputs are read once before, so they come from memory. Peers take turns, in another order each round. No one
  syncs its outputs to disk here; the course does so later, when a version is published.
* A peer without a suffix finds duplicates by its users' idiom, on whole rows. `_tuned` is the cheapest way that was
  found: it decides on four columns and removes the losers (pandas and Dask do so anyway). `_flat` also writes silver
  as one file, which is less than the job asks for.
"""


class Row(NamedTuple):
    """One peer at one size, over its repeats."""

    peer: str
    repeats: int
    wall: tuple[float, float]  # s: least, median
    job: tuple[float, float]  # s: least, median
    cpu: tuple[float, float]  # s: least, median
    peak_mb: float  # the largest
    answer_mb: float
    written_mb: float


def rows(records: Iterable[Record]) -> list[Row]:
    """The batch records of one size, a row per peer, in the order in which peers came first."""
    by_peer: dict[str, list[Record]] = {}
    for record in records:
        if record["kind"] == "batch":
            by_peer.setdefault(record["peer"], []).append(record)

    def spread(runs: list[Record], name: str) -> tuple[float, float]:
        values = [run[name] for run in runs]
        return min(values), statistics.median(values)

    return [
        Row(
            peer,
            len(runs),
            spread(runs, "wall_s"),
            spread(runs, "job_s"),
            spread(runs, "cpu_s"),
            max(run["peak_mb"] for run in runs),
            runs[-1]["answer_mb"],
            runs[-1]["written_mb"],
        )
        for peer, runs in by_peer.items()
    ]


HEADINGS = ("peer", "wall s", "job s", "CPU s", "peak MB", "answer MB", "written MB", "wall ×", "CPU ×", "memory ×")


def cells(table: Sequence[Row], base: str = "course") -> list[tuple[str, ...]]:
    """The text of `table` under HEADINGS: least (median) of each time, then multiples of the peer `base`.

    Multiples compare the least, which disturbances from outside spoil least.
    """
    unit = next((row for row in table if row.peer == base), None)

    def multiple(value: float, of: float | None) -> str:
        return f"{value / of:.1f}x" if of else "–"

    def times(spread: tuple[float, float]) -> str:
        return f"{spread[0]:.1f} ({spread[1]:.1f})"

    return [
        (
            row.peer,
            times(row.wall),
            times(row.job),
            times(row.cpu),
            f"{row.peak_mb:,.0f}",
            f"{row.answer_mb:,.0f}",
            f"{row.written_mb:,.0f}",
            multiple(row.wall[0], unit and unit.wall[0]),
            multiple(row.cpu[0], unit and unit.cpu[0]),
            multiple(row.peak_mb, unit and unit.peak_mb),
        )
        for row in table
    ]


def page(records: Sequence[Record]) -> str:
    """The markdown page of all `records`."""
    parts = ["# Benchmarks\n", "Made by `make bench`; do not edit.\n", "## The batch path\n", ABOUT]
    for trips in sorted({record["trips"] for record in records if record["kind"] == "batch"}):
        here = [record for record in records if record.get("trips") == trips]
        first = next(record for record in here if record["kind"] == "batch")
        repeats = max(row.repeats for row in rows(here))
        parts.append(f"### {trips / 1e6:g} million trips\n")
        parts.append(
            f"{first['rows_read']:,} rows in {first['files']} files, {first['input_mb']:,.0f} MB: "
            f"{first['rows_silver']:,} silver, {first['rows_quarantined']:,} quarantined, "
            f"{first['rows_duplicate']:,} duplicates. Least (median) of {repeats}; multiples are of the course.\n"
        )
        parts.append(_markdown(HEADINGS, cells(rows(here))))
        parts += [f"* {r['peer']}: {r['why']}.\n" for r in here if r["kind"] == "refused"]
        parts.append(_machine(first))
    for kind, title in TABLES:
        found = sorted((r for r in records if r["kind"] == kind), key=lambda record: record.get("trips", 0))
        if found:
            names = [name for name in found[0] if name not in ("kind", "machine", "load")]
            lines = [tuple(_text(record[name]) for name in names) for record in found]
            parts += [
                f"## {title}\n",
                _markdown([name.replace("_", " ") for name in names], lines),
                _machine(found[-1]),
            ]
    return "\n".join(parts)


def save(folder: Path, fresh: Sequence[Record]) -> None:
    """Add `fresh` records to those in `folder`, in place of older ones of the same kind and size; remake the page."""
    replaced = {(_family(record), record.get("trips")) for record in fresh}
    kept = [record for record in load(folder) if (_family(record), record.get("trips")) not in replaced]
    folder.mkdir(parents=True, exist_ok=True)
    every = [*kept, *fresh]
    (folder / LINES).write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in every))
    (folder / PAGE).write_text(page(every))


def load(folder: Path) -> list[Record]:
    """The records saved in `folder`."""
    try:
        return [json.loads(line) for line in (folder / LINES).read_text().splitlines()]
    except FileNotFoundError:
        return []


def _family(record: Record) -> str:
    return "batch" if record["kind"] == "refused" else record["kind"]


def _machine(record: Record) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in record["machine"].items())
    return f"Measured on: {facts}. Load before the run: {record['load']:.1f}.\n"


def _text(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _markdown(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "".join("| " + " | ".join(line) + " |\n" for line in (headings, rule, *lines))
