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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rich.console import Console

from course_lib.flows import warm
from course_lib.flows.folder import blaming_the_disk, make_ready, place
from course_lib.flows.limits import allow_open_files
from course_lib.flows.progress import Reporter
from course_lib.flows.server import PrefectServer
from course_lib.flows.watch import PeakMemory
from course_lib.storage import digests
from course_lib.storage.atomic import write_json
from course_lib.storage.lock import locked
from course_lib.storage.records import key_of, once
from course_lib.transforms.plan import FATES
from course_lib.trips.contract import ERROR_NAMES, WARNING_NAMES

if TYPE_CHECKING:
    from distributed import Client

    from course_lib.flows.pipeline import Outcome
    from course_lib.ingestion.discover import Discovery

MOST_WAITING = 512  # threads of this process that wait for a task each

T = TypeVar("T")


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
    out = place(options.out, options.inputs)
    allow_open_files(options.workers)
    work = out / ".work"
    with locked(out), _stopping_gently(), blaming_the_disk(out), ExitStack() as stack:
        make_ready(out, work, options.fresh)
        memory = stack.enter_context(PeakMemory())
        reporter = stack.enter_context(Reporter(console, options.quiet))
        if not options.scheduler:
            warm.start()
        server = stack.enter_context(PrefectServer(out / ".prefect"))
        with reporter.step("discover"):
            starting = stack.enter_context(_Starting(lambda: _workers(options, out, work)))
            found = _inputs(options, out, work)
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


def _inputs(options: Options, out: Path, work: Path) -> Discovery:
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
    as_given = options.out / "generated"
    return replace(found, files=tuple(replace(file, given=str(as_given / file.name)) for file in found.files))


def _workers(options: Options, out: Path, work: Path) -> AbstractContextManager[Client]:
    from course_lib.flows.cluster import local_workers, remote_workers

    if options.scheduler:
        return remote_workers(options.scheduler, out)
    return local_workers(options.workers, work / "dask")


def _flow(options: Options, out: Path, work: Path, client: Client, reporter: Reporter, found: Discovery) -> Outcome:
    """Run the Prefect flow. Prefect is imported here, after its environment is set."""
    from prefect.task_runners import ThreadPoolTaskRunner

    from course_lib.flows.pipeline import pipeline
    from course_lib.flows.tasks import Run, now
    from course_lib.lineage.openlineage import Emitter
    from course_lib.storage.publish import current
    from course_lib.transforms.steps import Workspace

    named = digests.of_json([(file.name, file.size) for file in found.files])
    emitter = Emitter(out / "lineage" / "events.ndjson", named, "trips")
    emitter.begin(now())
    plan = Run(
        root=out,
        sources=found.files,
        skipped=found.unreadable,
        space=Workspace(work),
        client=client,
        reporter=reporter,
        emitter=emitter,
        skip_unreadable=options.skip_unreadable,
        expected=current(out),
    )
    slots = sum(client.nthreads().values())  # a thread waits for each task: twice as many, so that none has to wait
    threads: Any = ThreadPoolTaskRunner(max_workers=min(max(4, 2 * slots), MOST_WAITING))
    try:
        outcome = pipeline(plan, threads)
    except BaseException as error:
        emitter.end(now(), error)
        raise
    emitter.end(now())
    return outcome


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


class _Starting(Generic[T]):
    """A context that is entered in a thread, while this one does other things.

    `result` waits until it is entered, and raises what that raised. Leaving waits too: nothing goes on behind a run
    that has ended.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[T]]):
        self._make = make
        self._stack = ExitStack()
        self._over = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._enter, name="starting", daemon=True)

    def __enter__(self) -> _Starting[T]:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._stack.close()

    def _enter(self) -> None:
        try:
            made = self._make()
            if not self._over.is_set():  # making it has imported much; what is over by now need not start
                self._value = self._stack.enter_context(made)
        except BaseException as error:  # raised by `result`, in the thread that asks
            self._error = error

    def result(self) -> T:
        self._thread.join()
        if self._error:
            raise self._error
        assert self._value is not None
        return self._value


@contextmanager
def _stopping_gently() -> Iterator[None]:
    """SIGTERM, or the end of the terminal, ends the run as Ctrl-C does: all processes stop, finished parts are kept."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # `nohup` means it
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
