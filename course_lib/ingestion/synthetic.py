"""How do generated trips become files?

One file a month, as a source would deliver it, beside the truth about its broken rows:

    FOLDER/trips_2024-01.parquet           the canonical columns but source_file and source_row
    FOLDER/_truth/trips_2024-01.parquet    source_file, source_row (from 1), trip_id, kind, of_trip_id
    FOLDER/_generator.json                 the settings, and the names of the files

Names that start with an underscore are passed over by ingestion. Each file appears whole or not at all; files of an
earlier generation in the same folder are removed first.

Memory is bounded by two row groups. With more than one worker a thread fills one while this one writes the other, in
order, so the bytes are the same; writing takes longer than filling, so more threads would wait. Threads, because NumPy
and the Parquet writer release the interpreter's lock, and because they start at once, everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from course_lib.errors import BadArgument, OutputUnwritable
from course_lib.storage.atomic import replacing, sweep, unwritable, write_json
from course_lib.storage.layout import ROW_GROUP, writer
from course_lib.trips.defects import CLEAN, FAMILY, KINDS, Family
from course_lib.trips.generator import Settings, World, fill
from course_lib.trips.rides import Scratch
from course_lib.trips.rows import SERVICES, Rows
from course_lib.trips.schema import CANONICAL

Format = Literal["parquet", "csv"]

MANIFEST = "_generator.json"
_SERVICE = pa.dictionary(pa.int8(), pa.string())
PUBLISHED = pa.schema(  # every column may be null: a source promises nothing
    [(f.name, _SERVICE if f.name == "service" else f.type) for f in CANONICAL if not f.name.startswith("source_")]
)
TRUTH = pa.schema(
    [
        ("source_file", pa.string()),
        ("source_row", pa.int64()),
        ("trip_id", pa.int64()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("of_trip_id", pa.int64()),  # the trip that the row repeats; null for the kinds that repeat none
    ]
)
_REPEATS = np.isin(FAMILY, [Family.FOLLOWING.value, Family.LAST_FILE.value])
_OURS = re.compile(r"trips_\d{4}-\d\d\.(parquet|csv)")
_PLAIN = pa.schema(  # for CSV: no dictionary, and whole seconds, which are written without a fraction
    [(f.name, pa.timestamp("s") if pa.types.is_timestamp(f.type) else CANONICAL.field(f.name).type) for f in PUBLISHED]
)


class _Writer(Protocol):
    def write_table(self, table: pa.Table, row_group_size: int) -> None: ...


def generate(
    settings: Settings,
    folder: Path,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
    format: Format = "parquet",
) -> list[Path]:
    """Write the files of `settings` into `folder`; the month files' paths, in order.

    A month without rows has no file. `progress` is told the number of rows just written, again and again. CSV has the
    same columns, ISO times and empty text for null; its truth is Parquet all the same.

    Raises OutputUnwritable.
    """
    if format not in ("parquet", "csv"):
        raise BadArgument(f"trips can be written as parquet or csv, not as {format!r}")
    world = World(settings)
    names = {file: f"{world.name(file)}.{format}" for file, size in enumerate(world.sizes) if size}
    _clear(folder)
    told = {
        "trips": settings.trips, "seed": settings.seed, "start": settings.start, "months": settings.months,
        "rates": dict(settings.rates), "files": list(names.values()),
    }  # fmt: skip
    write_json(folder / MANIFEST, told)
    for file, name in names.items():
        _write(world, file, folder / name, workers, progress)
    return [folder / name for name in names.values()]


def _clear(folder: Path) -> None:
    """Make `folder`, and remove what an earlier generation, finished or killed, left in it; nothing else."""
    if folder.exists() and not folder.is_dir():
        raise OutputUnwritable(folder, "is not a folder", "Name a folder, or a name that is not taken.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        names = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    sweep(folder)
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and _OURS.fullmatch(name):
            (folder / name).unlink(missing_ok=True)
            _truth_path(folder / name).unlink(missing_ok=True)


def _truth_path(path: Path) -> Path:
    return path.parent / "_truth" / f"{path.stem}.parquet"


def _write(world: World, file: int, path: Path, workers: int, progress: Callable[[int], None] | None) -> None:
    with (
        replacing(_truth_path(path)) as truth_beside,
        replacing(path) as beside,
        writer(truth_beside, TRUTH) as truth,
        _open(beside, path.suffix) as out,
    ):
        for first, rows in _row_groups(world, file, workers):
            out.write_table(table(rows), row_group_size=ROW_GROUP)
            truth.write_table(truth_table(rows, path.name, first), row_group_size=ROW_GROUP)
            if progress:
                progress(len(rows))


def _open(path: Path, suffix: str) -> AbstractContextManager[_Writer]:
    return _Csv(path, _PLAIN) if suffix == ".csv" else writer(path, PUBLISHED)


class _Csv(pacsv.CSVWriter):
    """A CSV writer with the Parquet writer's method."""

    def write_table(self, table: pa.Table, row_group_size: int | None = None) -> None:
        super().write_table(table.cast(_PLAIN))


def _row_groups(world: World, file: int, workers: int) -> Iterator[tuple[int, Rows]]:
    """The row groups of a file, in order, each with its first row (from 0); valid until the next one is asked for."""
    size, scratch = world.sizes[file], Scratch.empty()
    firsts = range(0, size, ROW_GROUP)
    room = [Rows.empty(min(ROW_GROUP, size)) for _ in range(min(len(firsts), 2))]

    def filled(turn: int) -> Rows:
        rows = room[turn % 2].part(0, min(ROW_GROUP, size - firsts[turn]))
        fill(world, file, firsts[turn], rows, scratch)
        return rows

    if workers == 1 or len(firsts) == 1:
        for turn, first in enumerate(firsts):
            yield first, filled(turn)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="generate") as pool:
        coming = pool.submit(filled, 0)
        for turn, first in enumerate(firsts):
            rows = coming.result()
            if turn + 1 < len(firsts):
                coming = pool.submit(filled, turn + 1)
            yield first, rows


def table(rows: Rows) -> pa.Table:
    """The published columns of `rows`, sharing their memory."""
    n = len(rows)
    arrays = []
    for column in PUBLISHED:
        if column.name == "operator":
            arrays.append(pa.nulls(n, column.type))
        elif column.name == "service":
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(rows.columns["service"]), pa.array(SERVICES)))
        else:
            buffers = [_validity(rows, column.name), pa.py_buffer(rows.columns[column.name])]
            arrays.append(pa.Array.from_buffers(column.type, n, buffers))
    return pa.Table.from_arrays(arrays, schema=PUBLISHED)


def truth_table(rows: Rows, source_file: str, first: int) -> pa.Table:
    """What is broken in `rows`, the first of which is row `first` (from 0) of `source_file`; in their order."""
    at = np.flatnonzero(rows.kind != CLEAN)
    kinds = rows.kind[at]
    arrays = [
        pa.repeat(source_file, len(at)),
        pa.array(at + (first + 1)),
        pa.array(rows.columns["trip_id"][at]),
        pa.DictionaryArray.from_arrays(pa.array(kinds), pa.array(KINDS)),
        pa.array(rows.of_trip_id[at], mask=~_REPEATS[kinds]),
    ]
    return pa.Table.from_arrays(arrays, schema=TRUTH)


def _validity(rows: Rows, name: str) -> pa.Buffer | None:
    null = rows.null.get(name)
    if null is None or not null.any():
        return None
    return pa.py_buffer(np.packbits(~null, bitorder="little"))
