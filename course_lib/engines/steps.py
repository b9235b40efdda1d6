"""What are the steps that an orchestrator is given?

The reference job for one day, in four steps that hand files to one another below a folder:

    given/DAY.csv -> extract -> validate -> newest -> demand -> gold/DAY.csv

Each step reads files, writes one file whole or not at all, and knows nothing of the others; an orchestrator says in
which order they run, how often they are tried, and what is done again. The standard library and reference.py are all
that it takes, so they run in every engine's environment.

A step breaks on purpose as often as `faults/DAY-STEP` says, and every attempt leaves a file in `trace/`, whose name
says when, what and how it ended: that is what the contract looks at, whatever the orchestrator says of itself.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from course_lib import reference

STEPS = ("extract", "validate", "newest", "demand")


class StepBroke(Exception):
    """A step failed because it was told to."""


def extract(folder: Path, day: str) -> None:
    """The day's rows, from the source."""
    with attempt(folder, day, "extract"):
        _write(folder, day, "extract", _rows(folder / "given" / f"{day}.csv"))


def validate(folder: Path, day: str) -> None:
    """The rows that are trips."""
    with attempt(folder, day, "validate"):
        rows = _rows(_output(folder, day, "extract"))
        _write(folder, day, "validate", (row for row in rows if any(True for _ in reference.valid([row]))))


def newest(folder: Path, day: str) -> None:
    """One row per trip: the newest."""
    with attempt(folder, day, "newest"):
        rows = list(_rows(_output(folder, day, "validate")))
        standing = {(trip.source_file, trip.source_row) for trip in reference.newest(reference.valid(rows))}
        _write(folder, day, "newest", (row for row in rows if (row["source_file"], int(row["source_row"])) in standing))


def demand(folder: Path, day: str) -> None:
    """The day's gold: the sums by hour and zone."""
    with attempt(folder, day, "demand"):
        trips = reference.valid(_rows(_output(folder, day, "newest")))
        _replace(folder / "gold" / f"{day}.csv", reference.text(reference.demand(trips)))


class attempt:  # noqa: N801  (a context manager reads like a word)
    """One attempt at a step: breaks it where it is to break, and leaves its trace."""

    def __init__(self, folder: Path, day: str, step: str):
        self.folder, self.day, self.step = folder, day, step

    def __enter__(self) -> None:
        fault = self.folder / "faults" / f"{self.day}-{self.step}"
        left = int(fault.read_text()) if fault.exists() else 0
        if left:
            fault.write_text(str(left - 1))
            self._leave("broke")
            raise StepBroke(f"{self.step} of {self.day} broke, as it was told to")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        self._leave("done" if kind is None else "broke")

    def _leave(self, outcome: str) -> None:
        trace = self.folder / "trace"
        trace.mkdir(parents=True, exist_ok=True)
        (trace / f"{time.time_ns():020}_{self.day}_{self.step}_{outcome}").touch()


BY_NAME: dict[str, Callable[[Path, str], None]] = {
    "extract": extract, "validate": validate, "newest": newest, "demand": demand
}  # fmt: skip


def _output(folder: Path, day: str, step: str) -> Path:
    return folder / "between" / day / f"{step}.csv"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return reference.read_csv(path)


def _write(folder: Path, day: str, step: str, rows: Iterable[Mapping[str, Any]]) -> None:
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, reference.NEEDED, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: row[name] for name in reference.NEEDED} for row in rows)
    _replace(_output(folder, day, step), text.getvalue())


def _replace(path: Path, text: str) -> None:
    """Write beside, then rename: nobody sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".tmp-{os.getpid()}-{path.name}"
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
