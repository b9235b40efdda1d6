"""What is in these trip files?

For each file: its format and header version, its rows, when its trips started, what is missing, what could not be
read. Every record is read once, batch by batch, by the reader of the pipeline, so what is said here is what a run would
find. Nothing is judged: rules and reasons are validation's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.errors import InputError, one_line
from course_lib.ingestion.discover import SourceFile, discover
from course_lib.ingestion.read import read_bronze
from course_lib.trips.headers import HeaderVersion, Month
from course_lib.trips.schema import NAMES, UNPARSEABLE

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

COLUMNS = tuple(name for name in NAMES if not name.startswith("source_"))


@dataclass
class Contents:
    """What was counted in the records read so far."""

    rows: int = 0
    unparseable: int = 0  # rows whose whole line could not be read
    odd: int = 0  # other rows with a value that could not be read, or lies outside its field's type
    outside_month: int = 0  # rows picked up in another month than that of the file's name; 0 where it names none
    first_pickup: datetime | None = None
    last_pickup: datetime | None = None
    services: Counter[str] = field(default_factory=Counter)  # rows of each
    nulls: Counter[str] = field(default_factory=Counter)  # parsed rows in which each canonical column is null

    def add(self, bronze: pa.Table, month: Month | None) -> None:
        """Count a batch of bronze rows (n >= 0) of a file of that `month`."""
        self.rows += bronze.num_rows
        problems = bronze["problems"].to_numpy()
        unparseable = (problems >> UNPARSEABLE & 1).astype(bool)
        if unparseable.any():
            self.unparseable += int(unparseable.sum())
            bronze, problems = bronze.filter(pa.array(~unparseable)), problems[~unparseable]
        self.odd += int((problems != 0).sum())
        for name in COLUMNS:
            self.nulls[name] += bronze[name].null_count
        for count in pc.value_counts(bronze["service"]).to_pylist():
            if count["values"] is not None:
                self.services[count["values"]] += count["counts"]
        self._add_pickups(bronze["pickup_at"], month)

    def _add_pickups(self, pickups: pa.ChunkedArray, month: Month | None) -> None:
        known = pickups.drop_null()
        if not len(known):
            return
        ends = pc.min_max(known)
        first, last = ends["min"].as_py(), ends["max"].as_py()
        self.first_pickup = min(first, self.first_pickup or first)
        self.last_pickup = max(last, self.last_pickup or last)
        if month is not None:
            months = known.cast(pa.timestamp("us")).to_numpy().astype("datetime64[M]")
            self.outside_month += int((months != np.datetime64("{:04d}-{:02d}".format(*month), "M")).sum())


@dataclass(frozen=True)
class Described:
    """A file and what is in it."""

    file: SourceFile
    contents: Contents


@dataclass(frozen=True)
class Description:
    """Every file that could be read to its end, in the order of their names, and an error for each that could not."""

    files: tuple[Described, ...]
    unreadable: tuple[InputError, ...]


def describe(paths: Sequence[str | Path]) -> Description:
    """What is in the trip files that `paths` (files and folders) stand for.

    Raises the first InputError where not a single file can be read.
    """
    found = discover(paths)
    files, unreadable = [], list(found.unreadable)
    for file in found.files:
        contents = Contents()
        try:
            for bronze in read_bronze(file):
                contents.add(bronze, file.month)
        except InputError as error:
            unreadable.append(error)
        else:
            files.append(Described(file, contents))
    if not files and unreadable:
        raise unreadable[0]
    return Description(tuple(files), tuple(unreadable))


def render(description: Description) -> Group:
    """The description for a terminal: the files, then what is missing by header version, then what is unreadable."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [_files(description.files), "", _missing(description.files)]
    if description.unreadable:
        parts += ["", Text("Cannot be read", style="bold")]
        parts += [Text(f"  {error}") for error in description.unreadable]
    return Group(*parts)


def _files(files: Sequence[Described]) -> Table:
    from rich.table import Table
    from rich.text import Text

    rows = sum(one.contents.rows for one in files)
    table = Table(title=f"{_plural(len(files), 'file')}, {_plural(rows, 'row')}", title_justify="left")
    for name in ("file", "header", "services"):
        table.add_column(name, overflow="fold")
    for name in ("rows", "pickups", "outside month", "odd rows"):
        table.add_column(name, justify="right", overflow="fold")
    for one in files:
        found = one.contents
        packed = f"{one.file.format}, {one.file.compression}" if one.file.compression else one.file.format
        table.add_row(
            Text(one_line(one.file.name)),
            Text(f"{one.file.header.name} ({packed})"),
            ", ".join(sorted(found.services)) or "none",
            f"{found.rows:,}",
            f"{_time(found.first_pickup)}\n{_time(found.last_pickup)}" if found.first_pickup else "none",
            "no month" if one.file.month is None else f"{found.outside_month:,}",
            f"{found.odd + found.unparseable:,}",
        )
    return table


def _missing(files: Sequence[Described]) -> Table:
    """A row per header version: its columns with nulls, the emptiest first, and those it does not have."""
    from rich.table import Table

    by_header: dict[HeaderVersion, list[Contents]] = {}
    for one in files:
        by_header.setdefault(one.file.header, []).append(one.contents)
    table = Table(title="Missing values by header version", title_justify="left")
    table.add_column("header", overflow="fold")
    table.add_column("parsed rows", justify="right")
    table.add_column("null in", overflow="fold")
    table.add_column("not published", overflow="fold")
    for header, contents in by_header.items():
        parsed = sum(one.rows - one.unparseable for one in contents)
        alike: dict[int, list[str]] = {}  # null in as many rows -> columns
        for name in COLUMNS:
            if name in header.published:
                alike.setdefault(sum(one.nulls[name] for one in contents), []).append(name)
        found = [f"{_share(count, parsed)} {', '.join(names)}" for count, names in sorted(alike.items()) if count]
        absent = [name for name in COLUMNS if name not in header.published]
        table.add_row(
            header.name, f"{parsed:,}", "\n".join(reversed(found)) or "nothing", ", ".join(absent) or "all are"
        )
    return table


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _share(part: int, whole: int) -> str:
    """A share for people, in which a little is never none and almost all is never all.

    >>> _share(1, 10**6), _share(1, 8), _share(10**6 - 1, 10**6), _share(3, 3)
    ('<0.01 %', '12.50 %', '>99.99 %', 'all')
    """
    if part == whole:
        return "all"
    percent = 100 * part / whole
    if percent < 0.01:
        return "<0.01 %"
    return ">99.99 %" if percent > 99.99 else f"{percent:.2f} %"


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(" ", "minutes")
