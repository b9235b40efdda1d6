"""From trip files to a published version, as one Prefect flow.

    ingest ──> refine ─┬─> silver ──> gold ──> features ──> model ──> audit ──> publish
                       └─> quarantine

Every step is a Prefect task for each file, unit, bucket or partition (flows/tasks.py). It replaces its whole output and
leaves a record (storage/records.py), so the flow may be run twice, killed at any moment, and resumed: what is finished
is found again by its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.task_runners import TaskRunner

from course_lib.errors import CheckFailed, InputError, NoTrips
from course_lib.flows.changes import blaming_the_input, first_changed
from course_lib.flows.tasks import Run, executor, here
from course_lib.storage import digests, layout, publish
from course_lib.storage.records import Done, key_of, once
from course_lib.transforms import audit, batch, steps
from course_lib.transforms.batch import Silver
from course_lib.transforms.gold import TABLES
from course_lib.transforms.plan import Bronze


@dataclass
class Outcome:
    """What the flow found, for run.json and the report."""

    silver: Silver
    published: list[frozenset[str]]  # canonical fields that each file's header version publishes
    skipped: list[InputError]
    gold_rows: dict[str, int]
    nulls: dict[str, int]
    model: dict[str, Any]
    digest: str
    version: str


def pipeline(run: Run, task_runner: TaskRunner[Any]) -> Outcome:
    """Publish the trips in `run.sources`, as the Prefect flow `trips`.

    The flow has no parameters: Prefect would store them as JSON, and not every name of a file can be.
    """

    @flow(name="trips", task_runner=task_runner, persist_result=False)
    def trips() -> Outcome:
        with blaming_the_input(run.sources, run.space.root / "records"):
            return steps_of(run)

    return trips()


def steps_of(run: Run) -> Outcome:
    """What the flow does, in its order."""
    landed, broken = ingest(run)
    refused = [*run.skipped, *broken]
    stop_unless_skipping(run, refused, landed)
    silver = refine(run, landed, refused)
    run.rows.update(silver=silver.total("rows_silver"), quarantine=silver.total("rows_quarantined"))
    gold = aggregate(run, silver)
    features = build_features(run, gold)
    training = build_training_set(run, silver, features)
    model = train_model(run, training)
    nulls = check(run, silver)
    digest, version = publish_version(run, silver, gold, features, model)
    published = [file.published for _, file in landed]
    rows = {name: done.found["rows"] for name, done in gold.items()}
    return Outcome(silver, published, refused, rows, nulls, model.found, digest, version)


def ingest(run: Run) -> tuple[list[tuple[Done, Bronze]], list[InputError]]:
    """Every readable input as bronze, and the errors of the others."""
    calls = [(run.space, source, i) for i, source in enumerate(run.sources)]
    found = executor(run)("ingest", steps.try_ingest, calls, run.inputs)
    return [f for f in found if not isinstance(f, InputError)], [f for f in found if isinstance(f, InputError)]


def stop_unless_skipping(run: Run, refused: Sequence[InputError], landed: Sequence[tuple[Done, Bronze]]) -> None:
    """Raise the first reason not to go on."""
    if refused and (not run.skip_unreadable or not landed):
        raise refused[0]
    if not sum(file.rows for _, file in landed):
        names = ", ".join(file.given for _, file in landed) or "the input"
        raise NoTrips(names, "holds a header and no trips", "Give at least one file with trips.")


def refine(run: Run, landed: list[tuple[Done, Bronze]], refused: list[InputError]) -> Silver:
    """Bronze to silver and quarantine.

    An input that is read in place may turn out to be damaged or changed only now; it leaves `landed` for `refused`.
    """
    while True:
        broken: InputError | None = None
        try:
            silver = batch.refine(executor(run), run.space, landed)
        except InputError as error:
            broken = error
        in_place = [run.sources[file.number] for _, file in landed if not file.landed]
        broken = first_changed(in_place, run.space.root / "records") or broken  # a change may be what broke it
        if broken is None:
            return silver
        refused.append(broken)
        kept = [found for found in landed if found[1].given != broken.path]
        if len(kept) == len(landed):
            raise broken
        landed[:] = kept
        stop_unless_skipping(run, refused, landed)


def aggregate(run: Run, silver: Silver) -> dict[str, Done]:
    """Silver to all gold tables."""
    return batch.gold(executor(run), run.space, silver, list(TABLES))


def build_features(run: Run, gold: dict[str, Done]) -> Done:
    """Gold to feature tables in a Feast repository."""

    def work() -> dict[str, Any]:
        from course_lib.features.build import build

        found = build(run.space.tables / "gold", run.space.tables / "features")
        return {"rows": found, "files": listing(run.space.root, "tables/features")}

    key = key_of("features", [done.key for done in gold.values()])
    return here(run, "features", lambda: once(run.space.record("features", "all"), key, run.space.root, work))


def build_training_set(run: Run, silver: Silver, features: Done) -> Done:
    """Trips with what was known of their zones and routes at their pickup."""

    def work() -> dict[str, Any]:
        from course_lib.features.build import training_set

        tables = run.space.tables
        found = training_set(tables / "silver", tables / "features", run.space.scratch / "training.parquet")
        return {**found, "files": ["scratch/training.parquet"]}

    key = key_of("training", silver.key, features.key)
    return here(run, "training", lambda: once(run.space.record("training", "all"), key, run.space.root, work))


def train_model(run: Run, training: Done) -> Done:
    """The duration model with its baselines; `found["model"]` is None with `found["model_skipped"]` without one."""

    def work() -> dict[str, Any]:
        from course_lib.models.training import train

        found = train(run.space.scratch / "training.parquet", run.space.tables / "model")
        return {**found, "files": listing(run.space.root, "tables/model")}

    key = key_of("model", training.key)
    return here(run, "model", lambda: once(run.space.record("model", "duration"), key, run.space.root, work))


def check(run: Run, silver: Silver) -> dict[str, int]:
    """Audit what was built; nulls by column of silver. Raises CheckFailed."""
    partitions = sorted(silver.parts.items())
    ids, shares = run.space.scratch / "audit", audit.shares_of(silver.total("rows_silver"))
    calls = [(run.space.tables, partition, parts, ids, shares) for partition, parts in partitions]
    seen = executor(run)("audit", audit.examine, calls, [partition for partition, _ in partitions])
    demand = layout.read_table(run.space.tables / "gold/zone_hour.parquet")
    quarantined = audit.count_rows(run.space.tables, silver.quarantine)
    repeated = audit.repeats(ids, [partition for partition, _ in partitions], shares)
    failed = audit.failures(silver, seen, repeated, quarantined, audit.gold_trips(demand))
    if failed:
        raise CheckFailed(failed)
    names = sorted({name for found in seen for name in found["nulls"]})
    return {name: sum(found["nulls"].get(name, 0) for found in seen) for name in names}


def publish_version(run: Run, silver: Silver, gold: dict[str, Done], features: Done, model: Done) -> tuple[str, str]:
    """Make the new version visible; its digest and its folder's name."""
    parts = [part for names in silver.parts.values() for part in names]
    tables = [*parts, *silver.quarantine, *(name for done in gold.values() for name in done.found["outputs"])]
    offline = [name.removeprefix("tables/") for name in features.found["files"] if name.endswith(".parquet")]
    rest = [name.removeprefix("tables/") for done in (features, model) for name in done.found["files"]]
    root = run.space.tables

    def work() -> tuple[str, str]:
        digest = digests.of_listing({name: digests.of_file(root / name) for name in sorted({*tables, *offline})})
        version = publish.publish(run.root, {name: root / name for name in {*tables, *rest}}, digest, run.expected)
        return digest, version.name

    return here(run, "publish", work)


def listing(root: Path, folder: str) -> list[str]:
    """The files below `root/folder`, relative to `root`."""
    return sorted(path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file())
