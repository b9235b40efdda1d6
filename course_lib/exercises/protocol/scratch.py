"""How does a test read what an answer wrote, without being led astray?

An answer may leave a link where a file was expected, a pipe that never ends, or a file without end. Paths are walked
from the folder that the test made, one name at a time, and no link is followed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

MOST = 256 << 20  # bytes


def read_bytes(folder: Path, name: str, most: int = MOST) -> bytes:
    """The content of the file `name` (a relative path) in `folder`.

    Raises FileNotFoundError if there is none, ValueError if it is no plain file, lies behind a link or is too large.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise ValueError(f"{name!r} is not a path inside the scratch folder")
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = _opened(part, os.O_DIRECTORY, at, name)
            os.close(at)
            at = inner
        file = _opened(parts[-1], os.O_NONBLOCK, at, name)
    finally:
        os.close(at)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_size > most:
        os.close(file)
        size = f"has {found.st_size:,} bytes; at most {most:,} are read"
        raise ValueError(f"{name!r} {size if stat.S_ISREG(found.st_mode) else 'is not a plain file'}")
    with os.fdopen(file, "rb") as opened:
        return opened.read(most)


def read_text(folder: Path, name: str, most: int = MOST) -> str:
    """The content of a file as UTF-8 text. Raises as `read_bytes` does, and ValueError for what is no UTF-8."""
    return read_bytes(folder, name, most).decode("utf-8")


def names(folder: Path, most: int = 10_000) -> list[str]:
    """What lies in a folder, in the order of names. Raises ValueError for more than `most`."""
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            found.append(entry.name)
            if len(found) > most:
                raise ValueError(f"more than {most:,} files in the scratch folder")
    return sorted(found)


def _opened(part: str, kind: int, at: int, name: str) -> int:
    try:
        return os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=at)
    except FileNotFoundError:
        raise FileNotFoundError(f"the answer wrote no file {name!r}") from None
    except OSError as error:  # a link, or a file where a folder belongs
        raise ValueError(f"{name!r} is not a plain file in plain folders: {error.strerror}") from None
