"""May a run hold open as many files as it needs?

A process that meets its limit fails wherever it happens to be: in a thread of Prefect, in Dask's event loop, which then
waits for ever. So the limit is raised before the work begins, as far as the system lets everyone, and too low a one is
told.
"""

from __future__ import annotations

import resource

from course_lib.errors import BadArgument

_WANTED = 4096  # files and sockets; what Dask advises for a large cluster
_NEEDED = 96  # by this process alone; with four workers, runs were seen to need 100


def allow_open_files(workers: int) -> None:
    """Raise the limit of this process and of those that it starts. Raises BadArgument where it stays too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    most = _WANTED if hard == unlimited else min(hard, _WANTED)
    if soft != unlimited and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    needed = _NEEDED + 4 * workers
    if soft != unlimited and soft < needed:
        raise BadArgument(
            f"a program may hold {soft} files open here, and this run needs {needed}: run `ulimit -n 1024` in a shell "
            "that allows it, or ask for fewer --workers."
        )
