"""Can a run be written to this folder?

Asked before the work begins, and again when it ends badly: then a full disk is the reason, whoever met it first.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from course_lib.errors import BadArgument, CourseError, OutputUnwritable, StepFailed, one_line
from course_lib.ingestion.names import is_text
from course_lib.storage.atomic import TEMPORARY, sweep, unwritable
from course_lib.storage.publish import CURRENT, VERSIONS

_FILES = ("run.json", "report.html", "metrics.prom", "lineage/events.ndjson")
_FOLDERS = (".work", ".work/records", ".prefect", "lineage", VERSIONS)

NEEDED = 64 << 20  # bytes of free space without which no run can end well


def place(folder: Path, inputs: Sequence[str]) -> Path:
    """The absolute path of the run's `folder`, before anything is written. Raises OutputUnwritable, BadArgument."""
    out = Path(os.path.realpath(folder))  # Path.resolve raises where links lead in a circle; writing tells that
    if not is_text(out):  # Parquet, SQLite and Dask take names of files as text
        raise OutputUnwritable(out, "its name is not UTF-8", "Choose another --out folder.")
    for given in inputs:
        if os.path.realpath(given) == str(out):
            raise BadArgument(
                f"{one_line(given)} is the input and --out at once: the next run would take the tables of this one for "
                "trips. Choose another --out folder (one inside the input is passed over)."
            )
    return out


def make_ready(out: Path, work: Path, fresh: bool) -> None:
    """The run's folder without what a killed run left half done. Raises OutputUnwritable."""
    _stop_where_something_is_in_the_way(out)
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


def _stop_where_something_is_in_the_way(out: Path) -> None:
    """Raise OutputUnwritable now for what would otherwise end the run hours later, when it is written."""
    for name in _FILES:
        if (out / name).is_dir():
            raise unwritable(out / name, IsADirectoryError(errno.EISDIR, "is a folder"))
    for name in _FOLDERS:
        if os.path.lexists(out / name) and not (out / name).is_dir():
            raise unwritable(out / name, NotADirectoryError(errno.ENOTDIR, "is not a folder"))
    if os.path.lexists(out / CURRENT) and not (out / CURRENT).is_symlink():
        raise unwritable(out / CURRENT, FileExistsError(errno.EEXIST, "is not a link to a version"))


@contextmanager
def blaming_the_disk(out: Path) -> Iterator[None]:
    """Let an unexpected error be OutputUnwritable where the disk is as good as full: that is the reason then.

    Prefect's server tells of a full disk as an internal error, SQLite as a disk I/O error.
    """
    try:
        yield
    except Exception as error:
        told = isinstance(error, CourseError) and not isinstance(error, StepFailed)
        if told or (free := shutil.disk_usage(out).free) >= NEEDED:
            raise
        why = f"the disk is full, or nearly so ({free >> 20} MB are free)"
        raise OutputUnwritable(out, why, "Free some space, then run the same command again: it resumes.") from error
