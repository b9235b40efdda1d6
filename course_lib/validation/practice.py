"""What is there to practise on, if the truth has to be known?

A month of generated trips in memory, as it was published and as bronze, with the kind of defect of every row; a real
month, where one is on this machine; and a daily number that may change. Same arguments, same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from course_lib.ingestion import synthetic
from course_lib.ingestion.bronze import Canoniser, schema
from course_lib.ingestion.discover import discover
from course_lib.ingestion.parquet_file import as_batch
from course_lib.ingestion.read import read_bronze
from course_lib.trips import headers
from course_lib.trips.defects import DEFAULT_RATES, KINDS
from course_lib.trips.generator import Settings, World, fill
from course_lib.trips.rides import Scratch
from course_lib.trips.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

WEEK = 7  # days
FOLDERS = ("trips", "data")  # where `course data fetch` puts files, and where people do


class Month(NamedTuple):
    """One file of trips (n rows, in its order)."""

    name: str
    published: pa.Table  # as the source delivers it
    bronze: pa.Table  # as ingestion hands it over: odd values are null and have a problem
    kinds: np.ndarray  # (n,) str: the defect of each row, "" where it is sound; of a real month, no rows
    month: tuple[int, int]
    publishes: frozenset[str]  # canonical fields


def a_month(trips: int, seed: int = 7, start: str = "2024-01", rates: Mapping[str, float] = DEFAULT_RATES) -> Month:
    """One generated month of `trips` rows; of its defects, none reaches into another month."""
    return months(trips, seed, start, 1, rates)[0]


def months(
    trips: int, seed: int = 7, start: str = "2024-01", number: int = 2, rates: Mapping[str, float] = DEFAULT_RATES
) -> list[Month]:
    """`number` generated months of `trips` rows in all, the later ones with corrections of the earlier ones."""
    world = World(Settings(trips=trips, seed=seed, start=start, months=number, rates=rates))
    return [_month(world, file) for file in range(number)]


def a_frame(table: pa.Table) -> pd.DataFrame:
    """The table as a pandas frame in nullable types, so that whole numbers beside nulls stay whole."""
    import pandas as pd

    kinds = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype()}
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(plain)).to_pandas(types_mapper=kinds.get)


def daily(seed: int, days: int, change_at: int | None = None, size: float = 0.0) -> np.ndarray:
    """A daily number with a week in it (days,), which moves by `size` standard deviations from `change_at` on.

    Around 1000, weekends a fifth lower, noise of 40 around that: no two Mondays are alike.
    """
    rng = np.random.default_rng(seed)
    week = np.array([1000, 1010, 1020, 1030, 1050, 850, 800])[np.arange(days) % WEEK]
    moved = 0.0 if change_at is None else size * (np.arange(days) >= change_at)
    return week + 40 * (rng.normal(size=days) + moved)


def a_real_month(path: str = "", service: str = "green") -> Month | None:
    """A published month of the TLC from `path`, else the first one in ./trips or ./data here or above; None without.

    Raises UnreadableFile, SchemaDrift.
    """
    found = Path(path) if path else _nearby(f"{service}_tripdata_*")
    if found is None:
        return None
    (file,) = discover([found]).files
    bronze = pa.concat_tables(read_bronze(file)).unify_dictionaries().combine_chunks()
    when = file.month or (date.min.year, 1)
    return Month(file.name, bronze, bronze, np.zeros(0, str), when, file.header.published)


def _nearby(pattern: str) -> Path | None:
    here = Path.cwd()
    for folder in (here, *here.parents[:3]):
        for name in FOLDERS:
            files = sorted(file for file in (folder / name).glob(pattern) if file.is_file())
            if files:
                return files[0]
    return None


def _month(world: World, file: int) -> Month:
    rows = Rows.empty(world.sizes[file])
    fill(world, file, 0, rows, Scratch.empty())
    published = synthetic.table(rows)
    canoniser = Canoniser(headers.canonical(), f"{world.name(file)}.parquet", schema([]))
    bronze = canoniser.bronze(as_batch(published.combine_chunks().to_batches()[0])).combine_chunks()
    kinds = np.array([*KINDS, ""])[rows.kind]
    return Month(world.name(file), published, bronze, kinds, world.months[file], headers.canonical().published)
