"""The steps of the batch path, each safe to run twice, to kill, and to resume.

    ingest(file) ──> index(file) ──> repeats(bucket) ──> refine(unit) ─┬─> resolve(bucket) ──> silver
                                                                       └─> judge(bucket) ──> quarantine
    silver ──> aggregate(parts) ──> gold(table)

A step is called in any process that sees the workspace's folder: it reads files, replaces files, and returns a
`Done`, whose key stands for the outputs wherever a later step depends on them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from course_lib.errors import InputError
from course_lib.ingestion.discover import SourceFile
from course_lib.storage import digests
from course_lib.storage.records import Done, key_of, once
from course_lib.transforms import aggregate as aggregation
from course_lib.transforms import bronze, index, refine, resolve
from course_lib.transforms.keys import Candidates
from course_lib.transforms.plan import Bronze, Unit


@dataclass(frozen=True)
class Workspace:
    """The folders of one run in the making.

    root/tables    silver/, quarantine/, gold/: what may be published
    root/bronze    landed inputs
    root/scratch   hashes, strays, states: made again at need
    root/records   what is done (storage/records.py)
    """

    root: Path

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    def record(self, step: str, name: str) -> Path:
        return self.root / "records" / step / f"{name}.json"


def ingest(space: Workspace, source: SourceFile, number: int) -> tuple[Done, Bronze]:
    """Land one input file as bronze. Raises UnreadableFile."""
    digest = digests.of_file(source.path)
    out = space.root / "bronze" / f"{number:05}.parquet"

    def work() -> dict[str, Any]:
        landed = bronze.land(source, number, out)
        files = [f"bronze/{out.name}"] if landed.landed else []
        return {**asdict(landed), "published": sorted(landed.published), "files": files}

    key = key_of("ingest", digest, source.name, source.header.name, number)
    done = once(space.record("ingest", f"{number:05}"), key, space.root, work)
    facts = {name: value for name, value in done.found.items() if name != "files"}
    month = tuple(facts["month"]) if facts["month"] else None
    landed = Bronze(
        **{**facts, "published": frozenset(facts["published"]), "month": month, "groups": tuple(facts["groups"])}
    )
    # The same bytes may lie under another path today: the input, or the whole workspace.
    return done, replace(landed, given=source.given, path=str(out if landed.landed else source.path))


def try_ingest(space: Workspace, source: SourceFile, number: int) -> tuple[Done, Bronze] | InputError:
    """`ingest`, with an unreadable input as a value, so that one bad file does not hide the next."""
    try:
        return ingest(space, source, number)
    except InputError as error:
        error.__cause__ = error.__context__ = None  # a library's own error may not survive the way to another process
        return error.with_traceback(None)


def index_file(space: Workspace, file: Bronze, made: str, buckets: int) -> Done:
    """Write the hashes of the keys of one bronze file, whose ingestion has the key `made`."""
    out = space.scratch / "index" / f"{file.number:05}"

    def work() -> dict[str, Any]:
        pooled = index.index_file(file, buckets, out)
        return {"pooled": pooled, "files": [f"scratch/index/{out.name}/{part.name}" for part in sorted(out.iterdir())]}

    key = key_of("index", made, buckets)
    return once(space.record("index", out.name), key, space.root, work)


def find_repeats(space: Workspace, files: Sequence[Bronze], made: Sequence[str], kind: str, bucket: int) -> Done:
    """Find the hashes of one bucket that occur twice; `found["rows"]` says how many rows have them."""
    name = f"{kind}-{bucket}"

    def work() -> dict[str, Any]:
        folders = [space.scratch / "index" / f"{file.number:05}" for file in files]
        rows = index.find_repeats(folders, kind, bucket, space.scratch / "repeats" / name)
        return {"rows": rows, "files": [f"scratch/repeats/{name}"]}

    return once(space.record("repeats", name), key_of("repeats", name, list(made)), space.root, work)


def refine_unit(space: Workspace, unit: Unit, made: str, repeats: str, buckets: refine.Buckets) -> Done:
    """Send each row of a unit its way; `repeats` is the key of all repeated hashes together."""

    def work() -> dict[str, Any]:
        ids, twins = _candidates(space.scratch / "repeats", buckets.hashes, repeats)
        rows = space.scratch / "rows"
        for kind in _KINDS:
            (rows / f"{kind}-{unit.name}.parquet").unlink(missing_ok=True)  # of an earlier run, with other partners
        found = refine.refine(unit, ids, twins, buckets, space.tables, rows).as_dict()
        kept = [f"scratch/rows/{kind}-{unit.name}.parquet" for kind in _KINDS]
        kept = [name for name in kept if (space.root / name).exists()]
        return {**found, "files": [*(f"tables/{name}" for name in found["outputs"]), *kept]}

    key = key_of("refine", made, repeats, unit.first, unit.last, asdict(buckets))
    return once(space.record("refine", unit.name), key, space.root, work)


def resolve_bucket(space: Workspace, units: Sequence[str], made: str, bucket: int) -> Done:
    """Settle the strays of one bucket; `made` is the key of all refined units together."""

    def work() -> dict[str, Any]:
        strays = [path for name in units if (path := space.scratch / "rows" / f"strays-{name}.parquet").exists()]
        return _tables(resolve.resolve_strays(strays, bucket, space.tables).as_dict())

    return once(space.record("resolve", f"{bucket:05}"), key_of("resolve", made, bucket), space.root, work)


def judge_bucket(space: Workspace, units: Sequence[str], made: str, bucket: int) -> Done:
    """Settle the twins of one bucket; `made` is the key of all refined units together."""

    def work() -> dict[str, Any]:
        rows = space.scratch / "rows"
        keys = [path for name in units if (path := rows / f"twins-{name}.parquet").exists()]
        pending = [path for name in units if (path := rows / f"pending-{name}.parquet").exists()]
        return _tables(resolve.judge_twins(keys, pending, bucket, space.tables).as_dict())

    return once(space.record("judge", f"{bucket:05}"), key_of("judge", made, bucket), space.root, work)


def aggregate(space: Workspace, name: str, parts: Sequence[str], made: str, tables: Sequence[str]) -> Done:
    """Aggregate some parts of silver (paths below tables/) into the states of gold tables."""

    def work() -> dict[str, Any]:
        aggregation.aggregate([space.tables / part for part in parts], tables, space.scratch / "states" / f"{name}.npz")
        return {"files": [f"scratch/states/{name}.npz"]}

    key = key_of("aggregate", made, list(parts), list(tables))
    return once(space.record("aggregate", name), key, space.root, work)


def write_gold(space: Workspace, table: str, states: Sequence[str], made: str) -> Done:
    """Merge states into one gold table; `found["rows"]` is its length."""

    def work() -> dict[str, Any]:
        paths = [space.scratch / "states" / f"{name}.npz" for name in states]
        rows = aggregation.write_gold(paths, table, space.tables / f"gold/{table}.parquet")
        return _tables({"rows": rows, "outputs": [f"gold/{table}.parquet"]})

    return once(space.record("gold", table), key_of("gold", made, table), space.root, work)


def _tables(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "files": [f"tables/{name}" for name in found["outputs"]]}


_KINDS = ("strays", "twins", "pending")  # what refine.py leaves for resolve.py


@functools.lru_cache(maxsize=1)
def _candidates(folder: Path, buckets: int, key: str) -> tuple[Candidates, Candidates]:
    """The repeated hashes of ids and twins; `key` makes sure that those of another run are not taken for them."""
    ids, twins = (Candidates(index.read_candidates(folder, kind, buckets)) for kind in ("ids", "twins"))
    return ids, twins
