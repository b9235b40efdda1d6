"""How does silver become gold, part by part?

Each part of silver gives one mergeable state a table (gold.py); the states of all parts merge into the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from course_lib.aggregates.grouped import Grouped, merge_all
from course_lib.storage import layout
from course_lib.storage.atomic import replacing
from course_lib.transforms.gold import TABLES
from course_lib.trips.columns import Columns

PARTS = 8  # parts of silver whose states are merged by one task


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
    found = [read_state(path, name) for path in states]
    merged = merge_all([TABLES[name].state(_NOTHING), *(state for state in found if state is not None)])
    table = TABLES[name].table(merged)
    layout.write_table(table, out, sync=False)
    return table.num_rows


def write_states(states: dict[str, Grouped], out: Path) -> None:
    """Write states to one file, so that read_state finds each by its name."""
    arrays = {}
    for name, state in states.items():
        arrays[f"{name}/keys"] = state.keys
        arrays.update({f"{name}/sum/{column}": values for column, values in state.sums.items()})
        arrays.update({f"{name}/max/{column}": values for column, values in state.maxima.items()})
    with replacing(out, sync=False) as beside, beside.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # names are ours; none is "allow_pickle"


def read_state(path: Path, name: str) -> Grouped | None:
    """The state `name` in a file that write_states wrote, or None."""
    with np.load(path) as arrays:
        if f"{name}/keys" not in arrays:
            return None
        found = [key.split("/") for key in arrays.files if key.startswith(f"{name}/")]
        sums = {key[2]: arrays["/".join(key)] for key in found if key[1] == "sum"}
        maxima = {key[2]: arrays["/".join(key)] for key in found if key[1] == "max"}
        return Grouped(arrays[f"{name}/keys"], sums, maxima)


def _nothing() -> Columns:
    from course_lib.trips.schema import BRONZE

    return Columns(pa.table({field.name: pa.array([], field.type) for field in BRONZE}))


_NOTHING = _nothing()
