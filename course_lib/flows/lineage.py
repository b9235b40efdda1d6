"""What does each step of the flow read and write? Said once, as data, for the OpenLineage events.

Dataset names are relative to the run's folder, but for the inputs, which may lie anywhere: they are named by their
place below the inputs' common folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from course_lib.errors import InputError
from course_lib.lineage.openlineage import Dataset
from course_lib.transforms.gold import TABLES
from course_lib.trips.schema import BRONZE, CANONICAL
from course_lib.validation.quarantine import QUARANTINE

_GOLD = tuple(f"gold/{name}" for name in TABLES)
_STORE = ("features/offline/city", "features/offline/zone", "features/offline/route")

# step -> (reads, writes); "inputs" stands for every input file
FLOW: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ingest": (("inputs",), ("bronze",)),
    "index": (("bronze",), ("scratch/index",)),
    "repeats": (("scratch/index",), ("scratch/repeats",)),
    "refine": (("bronze", "scratch/repeats"), ("silver", "quarantine", "scratch/rows")),
    "resolve": (("scratch/rows",), ("silver",)),
    "judge": (("scratch/rows",), ("quarantine",)),
    "aggregate": (("silver",), ("scratch/states",)),
    "gold": (("scratch/states",), _GOLD),
    "features": (("gold/zone_ended_hour", "gold/route_day"), _STORE),
    "training": (("silver", *_STORE), ("scratch/training",)),
    "model": (("scratch/training",), ("model",)),
    "audit": (("silver", "quarantine", "gold/zone_hour"), ()),
    "publish": (("silver", "quarantine", *_GOLD, *_STORE, "model"), ("current",)),
}
_SCHEMAS: dict[str, pa.Schema] = {"bronze": BRONZE, "silver": CANONICAL, "quarantine": QUARANTINE}


def datasets(names: Sequence[str], inputs: Sequence[str], rows: Mapping[str, int]) -> list[Dataset]:
    """The datasets `names` of FLOW, with the rows that are known by now."""
    every = [f"inputs/{given}" for given in inputs]
    wanted = [one for name in names for one in (every if name == "inputs" else [name])]
    return [Dataset(name, rows.get(name), _SCHEMAS.get(name)) for name in wanted]


def rows_of(step: str, results: Sequence[Any], inputs: Sequence[str]) -> dict[str, int]:
    """The rows of the datasets that a step has written, and of the inputs, as far as its results tell."""
    match step:
        case "ingest":
            landed = [None if isinstance(result, InputError) else result[1].rows for result in results]
            known = {f"inputs/{name}": rows for name, rows in zip(inputs, landed, strict=True) if rows is not None}
            return {**known, "bronze": sum(known.values())}
        case "gold":
            return {f"gold/{name}": done.found["rows"] for name, done in zip(TABLES, results, strict=True)}
        case "features":
            told = results[0].found["rows"]
            return {name: told[f"{name.rsplit('/', 1)[1]}_rows"] for name in _STORE}
        case "training":
            return {"scratch/training": results[0].found["trips_sampled"]}
    return {}
