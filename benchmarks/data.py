"""Which trips do all peers read?

Those of the course's generator, made once per size and kept in a folder outside git. The folder's name holds what
they depend on, the generator's code included, so trips of an older generator are never taken for today's.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from benchmarks.job import INPUTS
from course_lib.ingestion import synthetic
from course_lib.storage import layout
from course_lib.trips import generator

SEED = 7
MONTHS = 12


class Inputs(NamedTuple):
    """A folder of trip files."""

    folder: Path
    files: tuple[Path, ...]
    rows: int
    bytes: int
    seconds: float | None  # that making them took; None where they were there


def inputs(trips: int, cache: Path, *, seed: int = SEED, months: int = MONTHS, workers: int = 2) -> Inputs:
    """The generated trips of that size, from `cache` where they are there; a killed generation leaves none."""
    folder = cache / f"trips-{trips}-seed-{seed}-months-{months}-{_code()}"
    seconds = None
    if not folder.is_dir():
        beside = folder.with_name(f".tmp-{folder.name}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        began = time.perf_counter()
        synthetic.generate(generator.Settings(trips=trips, seed=seed, months=months), beside, workers=workers)
        seconds = time.perf_counter() - began
        beside.rename(folder)
    files = tuple(sorted(folder.glob(INPUTS)))
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    return Inputs(folder, files, rows, sum(path.stat().st_size for path in files), seconds)


def warm(found: Inputs) -> None:
    """Read every file once, so that no peer pays for the disk and the first not more than the next."""
    for path in found.files:
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass


def _code() -> str:
    """A digest of what trips are made and written by; any change in it makes new trips."""
    package = Path(generator.__file__).parent
    sources = [*sorted(package.glob("*.py")), Path(synthetic.__file__), Path(layout.__file__)]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:8]
