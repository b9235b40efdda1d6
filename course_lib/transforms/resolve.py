"""How are the rows settled that depend on rows of other units?

Strays (good rows whose trip_id may occur elsewhere, and rows of partitions too small for a file of their own) are
compared by bucket of trip_id; the newest of each trip_id goes to silver, the others are duplicates. Twin
keys are compared by bucket of their hash; they say which negative fares are refunds, and which trips to
warn about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from course_lib.storage import layout
from course_lib.transforms.newest import newest
from course_lib.transforms.refine import partitions, pieces
from course_lib.trips.columns import Columns
from course_lib.trips.contract import BIT
from course_lib.validation.checks import counts
from course_lib.validation.quarantine import quarantine
from course_lib.validation.twins import twins


@dataclass(frozen=True)
class Resolved:
    """What became of the strays of one bucket: rows kept and displaced, by source_file."""

    silver: dict[str, int]
    duplicate: dict[str, int]
    outputs: tuple[str, ...]

    as_dict = asdict


@dataclass(frozen=True)
class Judged:
    """What the twins of one bucket say: rows by rule, and pending rows written to quarantine, by source_file."""

    broken: dict[str, int]
    quarantined: dict[str, int]
    outputs: tuple[str, ...]

    as_dict = asdict


def resolve_strays(strays: Sequence[Path], bucket: int, tables: Path) -> Resolved:
    """Keep the newest of each trip_id of one bucket, and write it to silver below `tables`."""
    rows = _read_bucket(strays, bucket)
    if rows is None:
        return Resolved({}, {}, ())
    stands = newest(rows)
    kept, displaced = rows.filter(pa.array(stands)), rows.filter(pa.array(~stands))
    files = []
    parts = partitions(Columns(kept), np.ones(kept.num_rows, bool))
    for part, silver in zip(parts, pieces(kept, parts), strict=True):
        name = f"silver/{part.name}/pooled-{bucket:05}.parquet"
        layout.write_table(silver, tables / name, sync=False)
        files.append(name)
    return Resolved(_by_file(kept), _by_file(displaced), tuple(files))


def judge_twins(keys: Sequence[Path], pending: Sequence[Path], bucket: int, tables: Path) -> Judged:
    """Settle the pending rows of one bucket and write them to quarantine below `tables`.

    keys, pending   the files of the units in the same order; a unit without pending rows has no file there
    """
    rows = _read_bucket(keys, bucket)
    if rows is None:
        return Judged({}, {}, ())
    alike = twins(Columns(rows))
    broken = {"shared_trip": int(np.count_nonzero(alike.shared)), "refunded": int(np.count_nonzero(alike.refunded))}
    refusals = _read_bucket(pending, bucket)
    if refusals is None:
        return Judged(_present(broken), {}, ())
    # Both sides keep the order of units and rows, so the n-th pending key belongs to the n-th pending row.
    refund = alike.refund[rows["pending"].to_numpy() == 1]
    found = refusals["found"].to_numpy()
    swapped = found & ~np.int32(1 << BIT["negative_fare"]) | np.int32(1 << BIT["refund"])
    found = np.where(refund, swapped, found)
    name = f"quarantine/twins-{bucket:05}.parquet"
    layout.write_table(quarantine(refusals, found), tables / name, sync=False)
    reasons = counts(found & np.int32(1 << BIT["negative_fare"] | 1 << BIT["refund"]))
    return Judged(_present({**broken, **reasons}), _by_file(refusals), (name,))


def _read_bucket(files: Sequence[Path], bucket: int) -> pa.Table | None:
    """Row group `bucket` of all files, one after the other; None where they hold no row."""
    tables = []
    for path in files:
        with layout.open_table(path) as file:
            tables.append(file.read_row_group(bucket, use_threads=False))
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks() if tables else None
    return rows if rows is not None and rows.num_rows else None


def _by_file(rows: pa.Table) -> dict[str, int]:
    return dict(Counter(rows["source_file"].cast(pa.string()).to_pylist())) if rows.num_rows else {}


def _present(found: dict[str, int]) -> dict[str, int]:
    return {name: rows for name, rows in found.items() if rows}
