"""The batch path as a graph of steps: what depends on what, and what may run at the same time.

The order is written once, here, over an `Executor` that runs a step on many arguments at once: threads in a test,
Dask workers in a benchmark, Prefect tasks on Dask workers in the flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from course_lib.ingestion.discover import SourceFile, discover
from course_lib.storage import digests
from course_lib.storage.records import Done
from course_lib.transforms import steps
from course_lib.transforms.plan import FATES, HASHES, STRAYS, Bronze, Unit, buckets, units
from course_lib.transforms.refine import Buckets
from course_lib.transforms.steps import Workspace

if TYPE_CHECKING:
    from distributed import Client

BATCH_TABLES = ("zone_hour",)


class Executor(Protocol):
    """Runs `work(*arguments)` for each tuple of arguments, and returns the results in their order."""

    def __call__(
        self, step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]
    ) -> list[Any]: ...


@dataclass(frozen=True)
class FileCounts:
    """What became of the records of one input file."""

    path: str  # as given
    header: str
    rows_read: int
    rows_silver: int
    rows_quarantined: int
    rows_duplicate: int


@dataclass(frozen=True)
class Silver:
    """What is known when silver and quarantine are complete."""

    files: tuple[FileCounts, ...]
    broken: dict[str, int]
    parts: dict[str, list[str]]  # partition `service=…/month=…` -> parts below tables/
    quarantine: tuple[str, ...]
    key: str

    def total(self, name: str) -> int:
        """One of FATES over all files."""
        return sum(getattr(file, name) for file in self.files)


def land(run: Executor, space: Workspace, sources: Sequence[SourceFile]) -> list[tuple[Done, Bronze]]:
    """Every input as bronze. Raises InputError for the first that cannot be read to its end."""
    return run("ingest", steps.ingest, [(space, s, i) for i, s in enumerate(sources)], [s.name for s in sources])


def refine(run: Executor, space: Workspace, landed: Sequence[tuple[Done, Bronze]]) -> Silver:
    """Bronze to silver and quarantine."""
    files = [file for _, file in landed]
    made = [done.key for done, _ in landed]
    rows = sum(file.rows for file in files)
    names = [file.name for file in files]

    cut = buckets(rows, HASHES)
    indexed = run("index", steps.index_file, [(space, f, k, cut) for f, k in zip(files, made, strict=True)], names)
    keys = [done.key for done in indexed]
    wanted = [(kind, bucket) for kind in ("ids", "twins") for bucket in range(cut)]
    calls: list[tuple] = [(space, files, keys, kind, bucket) for kind, bucket in wanted]
    repeats = run("repeats", steps.find_repeats, calls, [f"{kind}-{bucket}" for kind, bucket in wanted])
    candidates = {
        kind: sum(d.found["rows"] for (k, _), d in zip(wanted, repeats, strict=True) if k == kind)
        for kind in ("ids", "twins")
    }

    work: list[tuple[Unit, str]] = [(unit, key) for key, file in zip(made, files, strict=True) for unit in units(file)]
    pooled = sum(done.found["pooled"] for done in indexed)
    parts = Buckets(buckets(candidates["ids"] + pooled, STRAYS), buckets(candidates["twins"], STRAYS), cut)
    repeats_key = digests.of_json([done.key for done in repeats])
    calls = [(space, unit, key, repeats_key, parts) for unit, key in work]
    refined = run("refine", steps.refine_unit, calls, [unit.name for unit, _ in work])

    unit_names = [unit.name for unit, _ in work]
    refined_key = digests.of_json([done.key for done in refined])
    resolved = run(
        "resolve",
        steps.resolve_bucket,
        [(space, unit_names, refined_key, bucket) for bucket in range(parts.strays)],
        [str(bucket) for bucket in range(parts.strays)],
    )
    judged = run(
        "judge",
        steps.judge_bucket,
        [(space, unit_names, refined_key, bucket) for bucket in range(parts.twins)],
        [str(bucket) for bucket in range(parts.twins)],
    )
    silver = _silver(files, work, refined, resolved, judged)
    _forget_others(space.tables, silver)
    return silver


def gold(run: Executor, space: Workspace, silver: Silver, tables: Sequence[str]) -> dict[str, Done]:
    """Silver to the gold `tables`."""
    calls = [
        (f"{partition.replace('/', '.')}.{i:04}", parts[i : i + 4])
        for partition, parts in sorted(silver.parts.items())
        for i in range(0, len(parts), 4)
    ]
    states = run(
        "aggregate",
        steps.aggregate,
        [(space, name, parts, silver.key, tables) for name, parts in calls],
        [name for name, _ in calls],
    )
    key = digests.of_json([done.key for done in states])
    made = run("gold", steps.write_gold, [(space, t, [name for name, _ in calls], key) for t in tables], list(tables))
    return dict(zip(tables, made, strict=True))


def _forget_others(tables: Path, silver: Silver) -> None:
    """Remove what an earlier run with other inputs left: who reads silver as a folder would take it for trips."""
    kept = {*silver.quarantine, *(part for parts in silver.parts.values() for part in parts)}
    for folder in ("silver", "quarantine"):
        for path in sorted((tables / folder).rglob("*.parquet")):
            if path.relative_to(tables).as_posix() not in kept:
                path.unlink(missing_ok=True)


def _silver(
    files: Sequence[Bronze],
    work: Sequence[tuple[Unit, str]],
    refined: Sequence[Done],
    resolved: Sequence[Done],
    judged: Sequence[Done],
) -> Silver:
    read: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    refused: Counter[int] = Counter()
    displaced: Counter[int] = Counter()
    broken: Counter[str] = Counter()
    outputs: list[str] = []
    for (unit, _), done in zip(work, refined, strict=True):
        read[unit.file.number] += done.found["rows"]
        kept[unit.file.number] += done.found["silver"]
        refused[unit.file.number] += done.found["quarantined"] - done.found["pending"]
        displaced[unit.file.number] += done.found["duplicate"]
        broken.update(done.found["broken"])
        outputs += done.found["outputs"]
    by_name: dict[str, Counter[str]] = {"silver": Counter(), "duplicate": Counter(), "quarantined": Counter()}
    for done in [*resolved, *judged]:
        broken.update(done.found.get("broken", {}))
        outputs += done.found["outputs"]
        for fate, counter in by_name.items():
            counter.update(done.found.get(fate, {}))
    counted = tuple(
        FileCounts(
            path=file.given,
            header=file.header,
            rows_read=read[file.number],
            rows_silver=kept[file.number] + by_name["silver"][file.name],
            rows_quarantined=refused[file.number] + by_name["quarantined"][file.name],
            rows_duplicate=displaced[file.number] + by_name["duplicate"][file.name],
        )
        for file in files
    )
    parts: dict[str, list[str]] = {}
    for name in sorted(name for name in outputs if name.startswith("silver/")):
        parts.setdefault(name.removeprefix("silver/").rsplit("/", 1)[0], []).append(name)
    key = digests.of_json([done.key for done in (*refined, *resolved, *judged)])
    refusals = tuple(sorted(name for name in outputs if name.startswith("quarantine/")))
    return Silver(counted, dict(broken), parts, refusals, key)


def in_this_process(step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]) -> list[Any]:
    """The executor that runs one call after the other, here."""
    return [work(*call) for call in calls]


def on_client(client: Client) -> Executor:
    """The executor on the workers of a Dask client."""

    def run(step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]) -> list[Any]:
        return client.gather([client.submit(work, *call, pure=False) for call in calls])

    return run


def run_batch(run: Executor, inputs: Sequence[str | Path], out: Path) -> dict[str, Any]:
    """The batch path alone, without flow, features or publishing: what benchmarks measure.

    inputs  files or folders of trips; out: a new folder. Leaves out/tables/{silver,quarantine,gold}.
    """
    found = discover([str(path) for path in inputs])
    if found.unreadable:
        raise found.unreadable[0]
    space = Workspace(Path(out))
    landed = land(run, space, found.files)
    silver = refine(run, space, landed)
    made = gold(run, space, silver, BATCH_TABLES)
    totals = {name: silver.total(name) for name in FATES}
    return {**totals, "broken": silver.broken, "zone_hours": made["zone_hour"].found["rows"]}
