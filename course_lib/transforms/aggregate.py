"""How does silver become gold, part by part?

Each part of silver gives one mergeable state a table (gold.py); the states of all parts merge into the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from course_lib.aggregates.grouped import Grouped, merge_all
from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.gold import TABLES
from course_lib.trips.columns import Columns
from course_lib.trips.schema import BRONZE

PARTS = 8  # states of one task that wait to be merged
MERGED = 1 << 22  # keys that wait to be merged into a table


def read_columns(group: pa.Table) -> Columns:
    """The columns of one row group of silver."""
    return Columns(group.combine_chunks())


def aggregate(parts: Sequence[Path], names: Sequence[str], out: Path) -> None:
    """Write the states of the gold tables `names` over some parts of silver to the file `out` (Arrow IPC)."""
    reads = sorted({column for name in names for column in TABLES[name].reads})
    states: dict[str, list[Grouped]] = {name: [] for name in names}
    for part in parts:
        with layout.open_table(part) as file:
            for group in range(file.num_row_groups):
                trips = read_columns(file.read_row_group(group, columns=reads, use_threads=False))
                for name in names:
                    states[name].append(TABLES[name].state(trips))
                    if len(states[name]) >= PARTS:
                        states[name] = [merge_all(states[name])]
    write_states({name: merge_all(found) for name, found in states.items() if found}, out)


def write_gold(states: Sequence[Path], name: str, out: Path) -> int:
    """Merge the states of one gold table and write it to `out`; its number of rows."""
    rows = 0
    held = TABLES[name].table(TABLES[name].state(Columns(BRONZE.empty_table())))
    with replacing(out, sync=False) as beside, layout.writer(beside, held.schema) as writer:
        for merged in in_key_order(states, name):
            held = pa.concat_tables([held, TABLES[name].table(merged)])
            whole = held.num_rows - held.num_rows % layout.ROW_GROUP
            if whole:
                writer.write_table(held.slice(0, whole).combine_chunks(), row_group_size=layout.ROW_GROUP)
                held = held.slice(whole)
            rows += len(merged.keys)
        if held.num_rows or not rows:
            writer.write_table(held.combine_chunks(), row_group_size=layout.ROW_GROUP)
    return rows


def in_key_order(states: Sequence[Path], name: str) -> Iterator[Grouped]:
    """The merged state of one gold table in pieces, the keys of each above those of the piece before.

    Keys begin with a time, and a state covers a month or so. A key below the first of all states still to come is
    final, so that memory is that of the states of a month, not of all years.
    """
    first = sorted((least, path) for path in states if (least := read_first(path, name)) is not None)
    waiting: list[Grouped] = []
    again = MERGED
    for number, (_, path) in enumerate(first):
        waiting.append(read_state(path, name))
        held = sum(len(state.keys) for state in waiting)
        last = number + 1 == len(first)
        if last or held >= again:
            merged = merge_all(waiting)
            final = len(merged.keys) if last else int(np.searchsorted(merged.keys, first[number + 1][0]))
            yield _slice(merged, 0, final)
            waiting = [_slice(merged, final, len(merged.keys))]
            again = max(MERGED, 2 * (len(merged.keys) - final))  # what stays open is merged a logarithm of times


def write_states(states: dict[str, Grouped], out: Path) -> None:
    """Write states to one file, so that read_state finds each by its name; empty ones are left out."""
    arrays = {}
    for name, state in states.items():
        if len(state.keys):
            arrays[f"{name}/first"] = state.keys[:1]
            arrays[f"{name}/keys"] = state.keys
            arrays.update({f"{name}/sum/{column}": values for column, values in state.sums.items()})
            arrays.update({f"{name}/max/{column}": values for column, values in state.maxima.items()})
    with replacing(out, sync=False) as beside, beside.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # names are ours; none is "allow_pickle"


def read_first(path: Path, name: str) -> int | None:
    """The smallest key of the state `name` in a file that write_states wrote; None where it has none."""
    with np.load(path) as arrays:
        return int(arrays[f"{name}/first"][0]) if f"{name}/first" in arrays else None


def read_state(path: Path, name: str) -> Grouped:
    """The state `name` in a file that write_states wrote. Raises KeyError when it has none."""
    with np.load(path) as arrays:
        found = [key.split("/") for key in arrays.files if key.startswith(f"{name}/")]
        sums = {key[2]: arrays["/".join(key)] for key in found if key[1] == "sum"}
        maxima = {key[2]: arrays["/".join(key)] for key in found if key[1] == "max"}
        return Grouped(arrays[f"{name}/keys"], sums, maxima)


def _slice(state: Grouped, start: int, end: int) -> Grouped:
    return Grouped(
        state.keys[start:end],
        {name: column[start:end] for name, column in state.sums.items()},
        {name: column[start:end] for name, column in state.maxima.items()},
    )
