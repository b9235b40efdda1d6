"""How does a step of the flow run? As Prefect tasks, each on a Dask worker or in this process.

Every step is told to the person at the terminal and to OpenLineage when it begins and when it ends. What may fail for
reasons of its own (a lost worker) is retried; what is pure is not: it would fail again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker
from distributed.comm import CommClosedError
from prefect import task
from prefect.cache_policies import NO_CACHE

from course_lib.errors import InputError
from course_lib.flows.cluster import result
from course_lib.flows.lineage import FLOW, datasets, rows_of
from course_lib.flows.progress import Reporter
from course_lib.ingestion.discover import SourceFile
from course_lib.lineage.openlineage import Emitter
from course_lib.storage.records import Done
from course_lib.transforms import batch
from course_lib.transforms.steps import Workspace

_LOST = (KilledWorker, CommClosedError)


@dataclass
class Run:
    """What the flow works with."""

    root: Path  # the run's folder, --out
    sources: Sequence[SourceFile]
    skipped: Sequence[InputError]  # inputs that were found unreadable before the flow began
    space: Workspace
    client: Client
    reporter: Reporter
    emitter: Emitter
    skip_unreadable: bool
    expected: str | None  # the version that was current when the run began
    rows: dict[str, int] = field(default_factory=dict)  # of the datasets of flows/lineage.py, as they become known

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input files."""
        return tuple(source.name for source in self.sources)


def executor(run: Run) -> batch.Executor:
    """An executor whose every call is a Prefect task that runs on a Dask worker."""

    def on_worker(work: Callable[..., Any], call: tuple) -> Any:
        return result(run.client, run.client.submit(work, *call, pure=False), work.__name__)

    def execute(step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]) -> list[Any]:
        one = task(name=step, cache_policy=NO_CACHE, persist_result=False, retries=2, retry_condition_fn=_lost)(
            on_worker
        )
        with run.reporter.step(step, len(calls)) as watch:
            start(run, step)
            futures = [
                one.with_options(task_run_name=literally(f"{step} {name}")).submit(work, call)
                for call, name in zip(calls, names, strict=True)
            ]
            results = []
            try:
                for future in futures:
                    results.append(future.result())
                    watch.advance(reused=was_done_before(results[-1]))
            except BaseException as error:
                run.emitter.fail(step, error, now())
                raise
            run.rows.update(rows_of(step, results, run.inputs))
            complete(run, step)
        return results

    return execute


def here(run: Run, step: str, work: Callable[[], Any]) -> Any:
    """Do `work` as a Prefect task in this process."""
    with run.reporter.step(step) as watch:
        start(run, step)
        try:
            done = task(name=step, task_run_name=step, cache_policy=NO_CACHE, persist_result=False)(work)()
        except BaseException as error:
            run.emitter.fail(step, error, now())
            raise
        run.rows.update(rows_of(step, [done], run.inputs))
        complete(run, step)
        watch.advance(reused=was_done_before(done))
    return done


def was_done_before(found: Any) -> bool:
    """Whether an earlier run had done what a step returns: a Done, alone or first in a tuple, if the step keeps one."""
    first = found[0] if isinstance(found, tuple) and not isinstance(found, Done) else found
    return isinstance(first, Done) and first.reused


def literally(name: str) -> str:
    """A task run's name for Prefect, which takes it for a format and looks for its parameters in it.

    >>> literally("ingest trips_{x}.csv").format()
    'ingest trips_{x}.csv'
    """
    return name.replace("{", "{{").replace("}", "}}")


def start(run: Run, step: str) -> None:
    """Tell OpenLineage that a step begins, and what it reads."""
    run.emitter.start(step, datasets(FLOW[step][0], run.inputs, run.rows), now())


def complete(run: Run, step: str) -> None:
    """Tell OpenLineage that a step has replaced its outputs."""
    reads, writes = (datasets(names, run.inputs, run.rows) for names in FLOW[step])
    run.emitter.complete(step, reads, writes, now())


def now() -> datetime:
    """The time of an event; it goes to run.json, events, metrics and the report, never to a table."""
    return datetime.now(UTC)


def _lost(task: Any, run: Any, state: Any) -> bool:
    """Whether a task failed because its worker was lost."""
    try:
        state.result()
    except _LOST:
        return True
    except Exception:  # the work's own failure, which the flow raises itself: it would come again
        return False
    return False
