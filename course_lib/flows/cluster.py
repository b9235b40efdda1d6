"""Where do the steps run? On Dask workers: of this machine, or of a cluster that is there already.

The workers of a cluster read the inputs and write the run's folder themselves, so all must see both under the same
paths; this is asked of each before the work begins.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import dask
import distributed.utils
from distributed import Client, Future, LocalCluster, rpc
from distributed.client import FutureCancelledError

from course_lib.errors import BadArgument, StepFailed, one_line
from course_lib.flows import warm
from course_lib.storage.records import code_version

_QUIET = {
    "distributed.comm.timeouts.connect": "30s",
    "distributed.admin.tick.limit": "1h",  # a busy machine is no news to the person at the terminal
    "distributed.diagnostics.nvml": False,
    **{f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in warm.ENVIRONMENT.items()},
    "distributed.deploy.lost-worker-timeout": "60s",  # by then its nanny has started another, also on a busy machine
}
# Dask would import here what it wants the forked process to hold; ours (flows/warm.py) runs already.
distributed.utils._forkserver_preload_set = True
_LOOK = 2.0  # s between two looks at whether anyone is left to do the work
_AGAIN = (10, 30, 70)  # looks without a worker after which others are started here; a busy machine needs longer
_GIVEN_UP = 10.0  # s until workers that are gone have been given up, at most
_ALONE = 90  # looks without a worker after which nobody will come
_ANSWER = 10.0  # s for the first word of a scheduler that is there already
_TRIES = 3  # at starting the workers of this machine: one may be killed while it starts, as when memory is short
_STARTING = threading.Lock()
_STARTED: WeakKeyDictionary[LocalCluster, float] = WeakKeyDictionary()  # when workers were last started anew


@contextmanager
def local_workers(workers: int, scratch: Path) -> Iterator[Client]:
    """A client of `workers` worker processes of one thread each, on loopback, with their files below `scratch`.

    Raises StepFailed when they cannot be started.
    """
    _hush()
    chosen = {"distributed.worker.multiprocessing-method": warm.start(), "temporary-directory": str(scratch)}
    with (
        dask.config.set(_QUIET | chosen),
        _local_cluster(workers, scratch) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _local_cluster(workers: int, scratch: Path) -> LocalCluster:
    """A cluster whose workers have all started. Dask ends the whole cluster when one does not; then begin again."""
    for left in reversed(range(_TRIES)):
        try:
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=0,  # memory is bounded by the units; a limit would kill a worker that is merely large
                local_directory=str(scratch),
            )
        except (RuntimeError, OSError) as error:  # a TimeoutError is an OSError
            if not left:
                raise StepFailed("workers", f"no Dask worker could be started ({_root(error)})") from error
    raise AssertionError("unreachable")


def _root(error: BaseException) -> str:
    """What the first in a chain of errors says; Dask's own say only that a start failed."""
    while error.__cause__ is not None and str(error.__cause__):
        error = error.__cause__
    return one_line(f"{type(error).__name__}: {error}".removesuffix(": "))[:200]


@contextmanager
def remote_workers(address: str, root: Path) -> Iterator[Client]:
    """A client of the scheduler at `address`. Raises BadArgument when it, or one of its workers, cannot do the work."""
    _hush()
    try:
        asyncio.run(_identity(address))
    except (OSError, ValueError, TypeError) as error:  # the last for tls:// without certificates
        raise BadArgument(
            f"no Dask scheduler answers at {one_line(address)} ({_root(error)}). Start one with `dask scheduler --host "
            "127.0.0.1` and workers with `dask worker tcp://127.0.0.1:8786`, or leave out --scheduler."
        ) from error
    with Client(address, timeout="15s", set_as_default=False) as client:
        probe = root / ".work" / "probe"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text(code_version())
        try:
            client.wait_for_workers(
                1, timeout=30
            )  # those that were started with the scheduler may still be on their way
            answers = client.run(_same_as_here, str(probe))
        except TimeoutError as error:
            raise BadArgument(
                f"the scheduler at {address} has no workers: start some with `dask worker {address}`."
            ) from error
        finally:
            probe.unlink(missing_ok=True)
        for worker, answer in answers.items():
            if answer:
                why = answer if isinstance(answer, str) else f"it has no course_lib of this version ({answer})"
                raise BadArgument(f"the worker {worker} cannot do the work: {why}")
        yield client


async def _identity(address: str) -> dict[str, Any]:
    """What the scheduler says of itself. A Client that finds none tries for long, and complains when it is deleted."""
    async with rpc(address, timeout=_ANSWER) as scheduler:
        return await asyncio.wait_for(scheduler.identity(), timeout=_ANSWER)


def result(client: Client, future: Future, step: str) -> Any:
    """What `future` comes to, or raises.

    A worker's nanny starts another when it is lost, unless it was lost while it started; then nobody would be left,
    and a result would be waited for for ever. Workers of this machine are started anew; without any for long, or
    without a scheduler, StepFailed is raised.
    """
    try:
        return _awaited(client, future, step)
    except FutureCancelledError as error:  # nobody cancels here: Dask does when it gives the scheduler up
        raise StepFailed(step, "the connection to the Dask scheduler was lost") from error


def _awaited(client: Client, future: Future, step: str) -> Any:
    # Not `future.result()`: a worker that is lost between the end of its work and the fetching of the result lets it
    # wait for ever; nor its timeout, which breaks Dask's `sync` when it falls into the fetching.
    loop: Any = client.loop
    answer = asyncio.run_coroutine_threadsafe(client.gather(future, asynchronous=True), loop.asyncio_loop)
    # It ends with the client when it is given up: to cancel it would leave tasks of Dask's that nobody listens to.
    alone = 0  # looks in a row that found no worker
    while not wait([answer], timeout=_LOOK).done:
        alone = 0 if client.nthreads() else alone + 1
        if alone == _ALONE:
            raise StepFailed(step, "no Dask worker is left")
        if alone in _AGAIN and isinstance(client.cluster, LocalCluster):
            _start_again(client.cluster, client)
    return answer.result()


def _start_again(cluster: LocalCluster, client: Client) -> None:
    """Start all workers of `cluster` anew, unless another step that waits has done so."""
    with _STARTING:
        if client.nthreads() or time.monotonic() - _STARTED.get(cluster, 0.0) < _AGAIN[0] * _LOOK:
            return
        workers = len(cluster.worker_spec)
        cluster.scale(0)  # those that failed to start keep their places, and their names, until they are given up
        until = time.monotonic() + _GIVEN_UP
        while cluster.workers and time.monotonic() < until:
            time.sleep(0.05)
        cluster.scale(workers)
        _STARTED[cluster] = time.monotonic()


def _hush() -> None:
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _same_as_here(probe: str) -> str:
    """Why this worker cannot do the work, or an empty text."""
    path = Path(probe)
    if not path.exists():
        return f"it does not see {path.parent}: use a folder that all workers share"
    if path.read_text() != code_version():
        return "it runs another version of course_lib or its libraries: install the same on all machines"
    return ""
