"""How were the committed sample and its golden answer made?

    python datasets/rebuild.py        write sample/ and golden/ anew

tests/test_datasets.py makes the same text and compares, so the sample cannot drift from the generator, and a change
of the generator shows as a change of these files.

The first rows of each file are a whole number of windows of 64 rows, and late corrections stand at the place of what
they correct; so every row that repeats another one has it in the sample.
"""

from __future__ import annotations

import csv
import io
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from course_lib.ingestion.synthetic import TRUTH, table, truth_table  # noqa: E402
from course_lib.reference import zone_hour_demand  # noqa: E402
from course_lib.trips.generator import Settings, World, fill  # noqa: E402
from course_lib.trips.rides import Scratch  # noqa: E402
from course_lib.trips.rows import Rows  # noqa: E402
from course_lib.trips.schema import NAMES  # noqa: E402

FIRST, LAST = 704, 32  # rows of each file


def settings(name: str) -> Settings:
    """The settings of that name in generator.toml."""
    named = tomllib.loads((HERE / "generator.toml").read_text(encoding="utf-8"))
    return Settings(**named[name])


def sample() -> dict[str, str]:
    """Path below datasets/ to text: the trips, the truth about them, and the reference job's answer."""
    trips, truth = [], []
    for some, told in _pieces(World(settings("sample"))):
        trips += some
        truth += told
    return {
        "sample/trips.csv": _csv(NAMES, trips),
        "sample/ground_truth.csv": _csv(TRUTH.names, truth),
        "golden/sample.zone_hour_demand.csv": zone_hour_demand(trips),
    }


def _pieces(world: World) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    for file, size in enumerate(world.sizes):
        name, rows = f"{world.name(file)}.parquet", Rows.empty(size)
        fill(world, file, 0, rows, Scratch.empty())
        wanted = [*range(1, FIRST + 1), *range(size - LAST + 1, size + 1)]
        published = table(rows).to_pylist()
        yield (
            [{**published[row - 1], "source_file": name, "source_row": row} for row in wanted],
            [told for told in truth_table(rows, name, 0).to_pylist() if told["source_row"] in set(wanted)],
        )


def _csv(names: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()})
    return out.getvalue()


if __name__ == "__main__":
    for name, text in sample().items():
        (HERE / name).write_bytes(text.encode())
