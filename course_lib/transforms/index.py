"""Which hashes of keys occur twice in the whole input? (The keys are explained in keys.py.)

Every file writes its hashes, cut into buckets by their top bits; then each bucket is sorted once. Memory is one
bucket, disk 8 bytes a row, and the work is linear in the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.storage.atomic import replacing, replacing_folder
from course_lib.transforms.bronze import read_unit
from course_lib.transforms.keys import TWIN_FIELDS, id_hashes, repeated, twin_hashes
from course_lib.transforms.plan import SMALL, Bronze, units
from course_lib.trips.columns import Columns

KINDS = ("ids", "twins")


def index_file(file: Bronze, buckets: int, out: Path) -> int:
    """Write the hashes of all rows of `file` to the folder `out`: one file `KIND-BUCKET` of uint32 a bucket.

    returns about how many rows will be pooled with those of other units
    """
    pooled = 0
    with replacing_folder(out, sync=False) as beside:
        for unit in units(file):
            trips = Columns(read_unit(unit, ["trip_id", "service", *TWIN_FIELDS]))
            pooled += pooled_rows(trips)
            _append(beside, "ids", id_hashes(trips), buckets)
            if file.published.issuperset(TWIN_FIELDS):
                hashes, known = twin_hashes(trips), trips.valid("pickup_at")
                _append(beside, "twins", hashes if known is None else hashes[known], buckets)
    return pooled


def pooled_rows(trips: Columns) -> int:
    """About how many rows of a unit lie in partitions too small for a part of their own; by every 16th row.

    Refused rows and candidates thin a partition out, so that one of up to twice the size is taken for small.
    """
    every = _EVERY if trips.rows >= 1 << 16 else 1
    months = trips.filled("pickup_at", 0)[::every].view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    _, sizes = np.unique(trips.values("service")[::every] * np.int64(1 << 16) + months, return_counts=True)
    sizes *= every
    return int(sizes[sizes < 2 * SMALL].sum())


def find_repeats(folders: Sequence[Path], kind: str, bucket: int, out: Path) -> int:
    """Write the hashes of one bucket that occur more than once to `out`; how many rows have one of them."""
    parts = [folder / f"{kind}-{bucket}" for folder in folders]
    hashes = np.concatenate([np.fromfile(part, np.uint32) for part in parts if part.exists()] or [_NONE])
    again = repeated(hashes)
    rows = np.searchsorted(hashes, again, "right") - np.searchsorted(hashes, again, "left")
    with replacing(out, sync=False) as beside:
        again.tofile(beside)
    return int(rows.sum())


def read_candidates(folder: Path, kind: str, buckets: int) -> np.ndarray:
    """All repeated hashes of a kind (sorted, distinct, uint32), from the files that find_repeats wrote.

    Files of more buckets may lie there: an earlier run had more rows.
    """
    return np.concatenate([np.fromfile(folder / f"{kind}-{bucket}", np.uint32) for bucket in range(buckets)])


_EVERY = 16  # rows
_NONE = np.zeros(0, np.uint32)


def _append(folder: Path, kind: str, hashes: np.ndarray, buckets: int) -> None:
    if buckets == 1:
        with (folder / f"{kind}-0").open("ab") as file:
            hashes.tofile(file)
        return
    # Monotonic in the hash, so that the buckets in their order are sorted as a whole.
    bucket = ((hashes.astype(np.uint64) * np.uint64(buckets)) >> np.uint64(32)).astype(np.uint8)
    order = np.argsort(bucket, kind="stable")
    ends = np.cumsum(np.bincount(bucket, minlength=buckets))
    for number, part in enumerate(np.split(hashes[order], ends[:-1])):
        with (folder / f"{kind}-{number}").open("ab") as file:
            part.tofile(file)
