"""What is a table after some of its rows came in anew?

    T' = (T without T_K) with S

S are the rows that came, K their keys, T_K the rows of T that have one of them. The same S twice gives the same T',
so delivering at least once and upserting is as good as delivering exactly once. Where rows may come out of order, a
version column decides: the newest row of a key stays, and the one that stands there already where two are equally new.

Pure; tables are Arrow's, one row a key.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def upsert(target: pa.Table, changes: pa.Table, key: str, version: str | None = None) -> pa.Table:
    """`target` (n rows) with the rows of `changes` (m rows) in place of those with their keys; sorted by key.

    Of several changes with one key the last one counts, or the newest by `version` (null oldest). Raises ValueError
    where the columns differ, or a key is null.
    """
    new, missing = set(changes.schema.names) - set(target.schema.names), set(target.schema.names)
    missing -= set(changes.schema.names)
    if new or missing:
        raise ValueError(f"the changes have other columns than the table: new {sorted(new)}, missing {sorted(missing)}")
    if changes[key].null_count:
        raise ValueError(f"{changes[key].null_count} changes have no {key}: refuse them before")
    n, m = target.num_rows, changes.num_rows
    both = pa.concat_tables([target, changes.select(target.schema.names).cast(target.schema)])
    # The later place wins. Without a version every change beats the table; with one, the table wins what is equal.
    place = np.arange(n + m) if version is None else np.concatenate([np.full(n, m), np.arange(m)])
    ranked = {"key": both[key], "place": pa.array(place)}
    order = [("key", "ascending", "at_start"), ("place", "ascending", "at_start")]
    if version is not None:
        ranked["version"] = both[version]
        order.insert(1, ("version", "ascending", "at_start"))
    rows = pc.sort_indices(pa.table(ranked), sort_keys=order).to_numpy()
    keys = both[key].combine_chunks().dictionary_encode().indices.to_numpy()[rows]
    last = np.append(keys[1:] != keys[:-1], [True] * (len(keys) > 0)).astype(bool)
    return both.take(pa.array(rows[last]))


def without(target: pa.Table, keys: pa.Array | list, key: str) -> pa.Table:
    """`target` without the rows that have one of `keys`."""
    gone = pa.array(keys, target.schema.field(key).type) if isinstance(keys, list) else keys
    return target.filter(pc.invert(pc.is_in(target[key], gone)))
