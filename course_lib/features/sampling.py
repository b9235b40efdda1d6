"""Which trips does the model learn from, when there are more than it needs?

The `size` trips with the smallest hash of trip_id: a uniform sample, in which every hour has the share it has among the
trips, and which no order of files, rows or workers changes. It is mergeable, like everything that is summed here: the
sample of two heaps of trips is the sample of their samples. (Called bottom-k, or KMV when it counts distinct values.)
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]


def mixed(ids: npt.NDArray[np.int64], seed: int) -> Hashes:
    """A hash per id: different ids, different hashes.

    Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014), the finaliser of SplitMix64.

    >>> mixed(np.array([0, 1]), seed=0).tolist()
    [16294208416658607535, 10451216379200822465]
    """
    x = ids.astype(np.int64).view(np.uint64) + np.array((seed + 1) * 0x9E3779B97F4A7C15 % 2**64, np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def sample(batches: Iterable[pa.Table], size: int, seed: int) -> tuple[pa.Table | None, int]:
    """The `size` rows with the smallest hash of `trip_id`, and the number of rows seen.

    batches   tables of one schema with a column trip_id; 2 * size rows and one table are held at a time
    returns   (at most size rows) in no particular order, None where there was no batch
    """
    kept: list[tuple[pa.Table, Hashes]] = []
    seen = waiting = 0
    limit = np.uint64(2**64 - 1)
    for batch in batches:
        seen += batch.num_rows
        hashes = mixed(batch["trip_id"].to_numpy(), seed)
        below = np.flatnonzero(hashes <= limit)
        if kept and not len(below):
            continue
        kept.append((batch.take(pa.array(below)) if len(below) < len(hashes) else batch, hashes[below]))
        waiting += len(below)
        if waiting > 2 * size:
            kept = [_smallest(kept, size)]
            waiting, limit = size, kept[0][1].max(initial=np.uint64(0))
    return (_smallest(kept, size)[0] if kept else None), seen


def _smallest(kept: list[tuple[pa.Table, Hashes]], size: int) -> tuple[pa.Table, Hashes]:
    table, hashes = pa.concat_tables([t for t, _ in kept]), np.concatenate([h for _, h in kept])
    if len(hashes) <= size:
        return table, hashes
    rows = np.sort(np.argpartition(hashes, size - 1)[:size])
    return table.take(pa.array(rows)).combine_chunks(), hashes[rows]
