"""Which notebooks lie in a folder or a zip that somebody else packed?

Nothing is unpacked: names are looked at, never used as paths, and contents are read one by one, with limits. Symbolic
links are not followed; pipes, devices and sockets are not opened; a zip bomb ends at the limit of one file.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from course_lib.errors import InputError, one_line

ONE = 64 * 2**20  # bytes of one notebook
ALL = 8 * 2**30  # bytes read in one go
ENTRIES = 100_000  # names in one zip or folder
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, NotImplementedError, EOFError, OSError,
               ValueError, MemoryError)  # fmt: skip
_PASSED_OVER = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".DS_Store"}


class Refused(Exception):
    """One file cannot be taken; its text says why."""


@dataclass(frozen=True)
class HandIn:
    """A notebook that lies there."""

    parts: tuple[str, ...]  # folders and name, seen from where the search began
    at: datetime | None  # when it was changed, with its offset; None where nobody says
    read: Callable[[], bytes]  # raises Refused

    @property
    def path(self) -> str:
        return one_line("/".join(self.parts))


@dataclass
class Found:
    """What lies in a folder or a zip."""

    notebooks: list[HandIn]
    refused: list[tuple[str, str]]  # what is not taken, and why
    others: int = 0  # files that are no notebooks


@contextmanager
def hand_ins(source: Path, zone: tzinfo) -> Iterator[Found]:
    """The notebooks below `source`, readable inside the block; times without an offset are in `zone`.

    Raises InputError for what is neither a folder nor a zip.
    """
    if source.is_dir():
        yield _in_folder(source)
    elif source.is_file() and source.suffix.lower() == ".ipynb":
        yield _in_folder(source.parent, only=source.name)
    elif source.is_file():
        try:
            archive = zipfile.ZipFile(source)
        except _UNREADABLE as error:
            raise InputError(
                source,
                f"is neither a folder nor a zip: {error}",
                "Download it again, or unpack it and name the folder.",
            ) from None
        with archive:
            yield _in_zip(source, archive, zone)
    else:
        raise InputError(source, "is not here", "Name a folder or a zip that a learning platform gave you.")


def _in_folder(root: Path, only: str | None = None) -> Found:
    found = Found([], [])
    seen = 0
    for folder, names, files in os.walk(root):
        here = Path(folder)
        names[:] = sorted(name for name in names if name not in _PASSED_OVER)
        for name in names:
            if (here / name).is_symlink():  # os.walk does not go there
                found.refused.append((_shown(root, here / name), "is a symbolic link"))
        for name in sorted(files):
            seen += 1
            if seen > ENTRIES:
                raise InputError(root, f"holds more than {ENTRIES:,} files", "Name the folder of one chapter.")
            path = here / name
            if name in _PASSED_OVER or name.startswith("._") or (only is not None and path != root / only):
                continue
            if not name.lower().endswith(".ipynb"):
                found.others += 1
                continue
            try:
                status = path.lstat()
            except OSError as error:
                found.refused.append((_shown(root, path), (error.strerror or str(error)).lower()))
                continue
            if not stat.S_ISREG(status.st_mode):
                kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "no regular file"
                found.refused.append((_shown(root, path), f"is {kind}"))
                continue
            parts = tuple(_text(part) for part in path.relative_to(root).parts)
            at = datetime.fromtimestamp(status.st_mtime, UTC)
            found.notebooks.append(HandIn(parts, at, lambda path=path: _read_file(path)))  # type: ignore[misc]
        if only is not None:
            break
    return found


def _read_file(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # it may have become a link since
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused("is no regular file")
            return _limited(file.read(ONE + 1))
    except OSError as error:
        raise Refused(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _in_zip(source: Path, archive: zipfile.ZipFile, zone: tzinfo) -> Found:
    found = Found([], [])
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise InputError(source, f"holds more than {ENTRIES:,} files", "Is it the export of one chapter?")
    for entry in entries:
        name = _zip_name(entry)
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        if entry.is_dir() or not parts or set(parts) & _PASSED_OVER or parts[-1].startswith("._"):
            continue
        if not parts[-1].lower().endswith(".ipynb"):
            found.others += 1
            continue
        if why := _suspicious(entry, name, parts):
            found.refused.append((one_line(name), why))
            continue
        read = lambda entry=entry: _read_entry(archive, entry)  # noqa: E731  one for each entry
        found.notebooks.append(HandIn(parts, _entry_time(entry, zone), read))
    return found


def _suspicious(entry: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> str:
    kind = entry.external_attr >> 16 & 0o170000
    if ".." in parts or name.startswith(("/", "\\")) or parts[0].endswith(":"):
        return "its name leads out of the zip"
    if kind == stat.S_IFLNK:
        return "is a symbolic link"
    if kind not in (0, stat.S_IFREG):
        return "is no regular file"
    if entry.flag_bits & 1:
        return "is encrypted"
    return f"would be larger than {ONE // 2**20} MB" if entry.file_size > ONE else ""


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as file:
            return _limited(file.read(ONE + 1))  # what the zip says of its size may be a lie
    except _UNREADABLE as error:
        raise Refused(f"cannot be unpacked: {error}") from None


def _limited(content: bytes) -> bytes:
    if len(content) > ONE:
        raise Refused(f"is larger than {ONE // 2**20} MB")
    return content


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry; many tools write UTF-8 and do not say so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return entry.filename


def _entry_time(entry: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    """When an entry was changed: to the second in UTC where the zip says so (Info-ZIP's extra field), else locally."""
    extra, at = entry.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 0x5455 and size >= 5 and at + 9 <= len(extra) and extra[at + 4] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<i", extra, at + 5)[0], UTC)
        at += 4 + size
    try:
        told = datetime(*entry.date_time, tzinfo=zone)
    except ValueError:
        return None
    return told if told.year > 1980 else None  # 1980 is what writers say that do not know


def _shown(root: Path, path: Path) -> str:
    return one_line(path.relative_to(root))


def _text(part: str) -> str:
    """A name as text, whatever bytes it has."""
    return part.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
