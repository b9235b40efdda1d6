"""One run, from its options to what it leaves in its folder.

OUT/current -> versions/<digest>   silver/, quarantine/, gold/, features/, model/: the published tables
OUT/run.json                       what the run did, in numbers
OUT/report.html                    the same for people
OUT/metrics.prom                   the same for Prometheus
OUT/lineage/events.ndjson          the same for OpenLineage
OUT/.work, OUT/.prefect            the run in the making, and Prefect's record of it
"""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console

from course_lib.errors import CourseError, OutputUnwritable
from course_lib.flows.progress import Reporter
from course_lib.flows.server import PrefectServer
from course_lib.flows.watch import PeakMemory
from course_lib.storage import digests
from course_lib.storage.atomic import TEMPORARY, sweep, unwritable, write_json
from course_lib.storage.lock import locked
from course_lib.storage.records import key_of, once
from course_lib.transforms.plan import FATES
from course_lib.trips.contract import ERROR_NAMES, WARNING_NAMES

if TYPE_CHECKING:
    from distributed import Client

    from course_lib.flows.pipeline import Outcome
    from course_lib.ingestion.discover import Discovery

NEEDED = 64 << 20  # bytes of free space without which no run can end well


@dataclass(frozen=True)
class Options:
    """What a person asked for; `inputs` empty means generated trips."""

    inputs: tuple[str, ...]
    out: Path
    trips: int = 200_000
    seed: int = 7
    workers: int = 2
    scheduler: str | None = None
    fresh: bool = False
    skip_unreadable: bool = False
    quiet: bool = False


def run(options: Options, console: Console) -> dict[str, Any]:
    """Run the pipeline and return what run.json holds.

    Raises CourseError; what was published before stays as it was then.
    """
    started = time.monotonic()
    out = options.out.resolve()
    work = out / ".work"
    with locked(out), _stopping_gently(), _blaming_the_disk(out), ExitStack() as stack:
        _make_ready(out, work, options.fresh)
        memory = stack.enter_context(PeakMemory())
        reporter = stack.enter_context(Reporter(console, options.quiet))
        server = stack.enter_context(PrefectServer(out / ".prefect"))
        with reporter.step("discover"):
            starting = _Background(lambda: stack.enter_context(_workers(options, out, work)))
            found = _inputs(options, out, work, reporter)
            client = starting.result()
            server.wait()
            threading.Thread(target=_import_ahead, name="import-ahead", daemon=True).start()
        outcome = _flow(options, out, work, client, reporter, found)
        facts = _facts(outcome, reporter)
        facts["seconds"] = round(time.monotonic() - started, 3)
        facts["peak_rss_mb"] = round(memory.megabytes)
        with reporter.step("report"):
            from course_lib.flows.leave import leave

            leave(out, facts, outcome)
        facts["steps"] = [step.as_dict() for step in reporter.steps]
        facts["seconds"] = round(time.monotonic() - started, 3)
        facts["peak_rss_mb"] = round(memory.megabytes)
        write_json(out / "run.json", facts)
        return facts


def _make_ready(out: Path, work: Path, fresh: bool) -> None:
    """The run's folder without what a killed run left half done. Raises OutputUnwritable."""
    try:
        if fresh and work.exists():
            shutil.rmtree(work)
        work.mkdir(exist_ok=True)
        (work / "probe").write_bytes(b"0")
        (work / "probe").unlink()
        for folder in (work, out / "versions"):
            sweep(folder)
        for stray in out.glob(f"{TEMPORARY}*"):
            stray.unlink()
    except OSError as error:
        raise unwritable(out, error) from error
    free = shutil.disk_usage(out).free
    if free < NEEDED:
        raise OutputUnwritable(
            out,
            f"only {free >> 20} MB are free on its disk",
            f"Free at least {NEEDED >> 20} MB (about the size of the input is used), or choose another --out folder.",
        )


def _inputs(options: Options, out: Path, work: Path, reporter: Reporter) -> Discovery:
    """The input files; generated where none were named."""
    from course_lib.ingestion.discover import discover

    if options.inputs:
        found = discover(options.inputs)
        if not found.files or (found.unreadable and not options.skip_unreadable):
            raise found.unreadable[0]
        return found
    from course_lib.ingestion.synthetic import generate
    from course_lib.trips.generator import Settings

    settings = Settings(trips=options.trips, seed=options.seed)
    folder = out / "generated"
    key = key_of("generate", {**asdict(settings), "rates": dict(settings.rates)})

    def make() -> dict[str, Any]:
        shutil.rmtree(folder, ignore_errors=True)
        paths = generate(settings, folder, workers=options.workers)
        return {"files": [path.relative_to(out).as_posix() for path in paths]}

    once(work / "records" / "generate.json", key, out, make)
    found = discover([folder])
    given = tuple(_renamed(file, str(options.out / "generated" / file.name)) for file in found.files)
    return type(found)(given, found.unreadable)


def _renamed(file: Any, given: str) -> Any:
    from dataclasses import replace

    return replace(file, given=given)


def _workers(options: Options, out: Path, work: Path) -> Any:
    from course_lib.flows.cluster import local_workers, remote_workers

    if options.scheduler:
        return remote_workers(options.scheduler, out)
    return local_workers(options.workers, work / "dask")


def _flow(options: Options, out: Path, work: Path, client: Client, reporter: Reporter, found: Discovery) -> Outcome:
    """Run the Prefect flow. Prefect is imported here, after its environment is set."""
    from prefect.task_runners import ThreadPoolTaskRunner

    from course_lib.flows.pipeline import Run, now, pipeline
    from course_lib.lineage.openlineage import Emitter
    from course_lib.storage.publish import current
    from course_lib.transforms.steps import Workspace

    named = digests.of_json([(file.name, file.size) for file in found.files])
    emitter = Emitter(out / "lineage" / "events.ndjson", named, "trips")
    emitter.begin(now())
    names = tuple(file.name for file in found.files)
    plan = Run(out, Workspace(work), client, reporter, emitter, options.skip_unreadable, current(out), names)
    threads: Any = ThreadPoolTaskRunner(max_workers=max(4, 2 * options.workers))
    try:
        outcome = pipeline.with_options(task_runner=threads)(plan, found.files, found.unreadable)
    except BaseException as error:
        emitter.end(now(), error)
        raise
    emitter.end(now())
    return outcome


@contextmanager
def _blaming_the_disk(out: Path) -> Iterator[None]:
    """Let an unexpected error be OutputUnwritable where the disk is as good as full: that is the reason then.

    Prefect's server tells of a full disk as an internal error, SQLite as a disk I/O error.
    """
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        free = shutil.disk_usage(out).free
        if free >= NEEDED:
            raise
        why = f"the disk is full, or nearly so ({free >> 20} MB are free)"
        raise OutputUnwritable(out, why, "Free some space, then run the same command again: it resumes.") from error


def _facts(outcome: Outcome, reporter: Reporter) -> dict[str, Any]:
    """What run.json holds, in its order."""
    silver = outcome.silver
    totals = {name: silver.total(name) for name in FATES}
    model = outcome.model
    return {
        **totals,
        "quarantine_reasons": {name: silver.broken[name] for name in ERROR_NAMES if name in silver.broken},
        "warnings": {name: silver.broken[name] for name in WARNING_NAMES if name in silver.broken},
        "files": [asdict(file) for file in silver.files],
        "skipped": [{"path": error.path, "why": error.why} for error in outcome.skipped],
        "zone_hours": outcome.gold_rows["zone_hour"],
        "digest": outcome.digest,
        "version": outcome.version,
        "model": model["model"],
        **({"model_skipped": model["model_skipped"]} if model["model"] is None else {}),
        "seconds": 0.0,
        "peak_rss_mb": 0,
        "steps": [step.as_dict() for step in reporter.steps],
    }


def _import_ahead() -> None:
    """Import what the last steps need while the workers are busy with the first: Feast alone takes seconds."""
    from course_lib.features.feast import warm_up

    warm_up()
    import course_lib.models.training  # noqa: F401


class _Background:
    """A call that runs in a thread; `result` waits for it and raises what it raised."""

    def __init__(self, call: Any):
        self._value: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Any) -> None:
        try:
            self._value = call()
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        self._thread.join()
        if self._error:
            raise self._error
        return self._value


@contextmanager
def _stopping_gently() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: workers and server stop, finished parts are kept."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
