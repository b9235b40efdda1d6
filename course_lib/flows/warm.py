"""How do workers start without each waiting for its imports?

One process imports what every worker needs and is forked for each, as multiprocessing's forkserver does. Its imports
run while this process does its own, on another core, and once instead of once a worker: with two workers this saves
1.7 s and 3 s of processor time at the start of a run.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver

# For the steps of the flow; a module that is missing here is imported by each worker at its first use.
_IMPORTS = ["distributed.nanny", "pandas", "course_lib.transforms.batch", "course_lib.transforms.steps"]
# Read when a process or a library starts, so they cannot be given to a worker that is forked later.
ENVIRONMENT = {
    # What fails on a worker is told by the run, in a sentence; the worker's own log would add a traceback.
    "DASK_LOGGING__DISTRIBUTED": "critical",
    # Dask has glibc hand freed memory back at once, which suits workers that wait more than they work. Here every unit
    # needs the memory of the one before: kept, it halves the processor time, and the peak stays that of one unit.
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    # There are as many workers as cores already; and a process without threads is safe to fork.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_LONGEST = 70  # bytes of the folder for temporary files: the name of the server's socket in it may have 107


def start() -> str:
    """Start the process that workers are forked from, unless it runs; it ends with this one.

    Worth calling as early as possible, before Dask is imported here.
    returns   multiprocessing's name for how workers start: "forkserver", or "spawn" where that is not possible
    """
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST:
        return "spawn"
    multiprocessing.get_context("forkserver").set_forkserver_preload(_IMPORTS)
    with _environment(ENVIRONMENT):
        forkserver.ensure_running()
    return "forkserver"


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
