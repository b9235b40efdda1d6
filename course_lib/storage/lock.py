"""Who may write to a run's folder now?

One process at a time, held by an advisory lock on a file in the folder. The operating system releases it when the
process ends, however it ends, so a killed run never leaves a folder locked.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.errors import RunFolderBusy
from course_lib.storage.atomic import unwritable


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` (made if absent) while the block runs. Raises RunFolderBusy, OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a")
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunFolderBusy(
                folder, "another run is writing here", "Wait until it ends, or choose another --out folder."
            ) from error
        except OSError as error:  # a file system without locks
            raise unwritable(folder, error) from error
        yield
