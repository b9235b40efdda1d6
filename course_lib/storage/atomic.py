"""How does a file or folder appear whole or not at all?

Write beside, fsync, rename. A reader sees the old content or the new, never half of it, and a kill at any
moment leaves at most a stray name that starts with `.tmp-`, which the next run removes.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from course_lib.errors import OutputUnwritable

TEMPORARY = ".tmp-"

_REFUSED = {  # whatever is written, and however
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_IN_THE_WAY = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENOTEMPTY,
}  # a folder where a file should be, or the like


def unwritable(path: Path, error: OSError) -> OutputUnwritable:
    """The error for a person that `error`, met while writing `path`, stands for."""
    why = _REFUSED.get(error.errno or 0) or (error.strerror or str(error)).lower()
    first = "Make it writable"
    if error.errno in _FULL:
        first = "Free some space"
    elif error.errno in _IN_THE_WAY:
        first = "Move away what is there"
    remedy = f"{first} or choose another --out folder, then run the same command again: it resumes."
    return OutputUnwritable(path, f"cannot be written: {why}", remedy)


def _is_refusal(error: OSError) -> bool:
    """Whether the place refuses to be written, rather than the work going wrong."""
    return error.errno in _REFUSED or error.errno in _IN_THE_WAY or isinstance(error, PermissionError)


@contextmanager
def _as_the_system_says_it() -> Iterator[None]:
    """A full disk, where SQLite met it, as the operating system would tell it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[Path]:
    """A name beside `path` to write to; on success it replaces the file `path` in one step.

    sync=False leaves out the fsync, for scratch that a run can make again: a killed process loses nothing by
    it, a power cut may.

    >>> import tempfile
    >>> answer = Path(tempfile.mkdtemp()) / "answer.txt"
    >>> with replacing(answer) as beside:
    ...     _ = beside.write_text("42")
    >>> answer.read_text(), [p.name for p in answer.parent.iterdir()]
    ('42', ['answer.txt'])
    """
    beside = path.parent / f"{TEMPORARY}{secrets.token_hex(6)}-{path.name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        if sync:
            _sync(beside)
        os.replace(beside, path)
        if sync:
            _sync(path.parent)
    except OSError as error:
        with suppress(OSError):  # what kept it from being written may keep it from being removed
            beside.unlink()
        if _is_refusal(error):
            raise unwritable(path, error) from error
        raise
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(path: Path, sync: bool = True) -> Iterator[Path]:
    """A folder beside `path` to fill; on success it replaces the folder `path`. For `sync` see `replacing`.

    Renaming cannot replace a folder that is not empty, so the old one steps aside first: for a moment there is
    none, never half a one. A step that is asked again whether it is done then answers no, and is redone.
    """
    beside = path.parent / f"{TEMPORARY}{secrets.token_hex(6)}-{path.name}"
    try:
        beside.mkdir(parents=True)
        with _as_the_system_says_it():
            yield beside
        for file in beside.rglob("*") if sync else ():
            _sync(file)
        if path.exists():
            _swap(beside, path)
        else:
            os.replace(beside, path)
        if sync:
            _sync(path)
            _sync(path.parent)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        if _is_refusal(error):
            raise unwritable(path, error) from error
        raise
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _swap(beside: Path, path: Path) -> None:
    """Put the folder `beside` in the place of the folder `path`; where that fails, `path` is back."""
    aside = path.parent / f"{TEMPORARY}{secrets.token_hex(6)}-old"
    os.replace(path, aside)
    try:
        os.replace(beside, path)
    except BaseException:
        os.replace(aside, path)
        raise
    shutil.rmtree(aside, ignore_errors=True)  # what stays is swept by the next run


def write_text(path: Path, text: str) -> None:
    """Replace the file `path` by `text` (UTF-8)."""
    with replacing(path) as beside:
        beside.write_bytes(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Replace the file `path` by `value` as indented JSON, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sweep(folder: Path) -> None:
    """Remove what killed writers left below `folder`."""
    for stray in sorted(folder.rglob(f"{TEMPORARY}*"), reverse=True):
        if stray.is_dir() and not stray.is_symlink():
            shutil.rmtree(stray, ignore_errors=True)
        else:
            stray.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot sync a folder
            raise
    finally:
        os.close(handle)
