"""How does a new version of all tables become visible at once?

Write, audit, publish: a version is a folder below `versions/` that never changes once it has its name, and `current`
is a symbolic link to one of them. Swapping the link is one rename, so a reader sees the old version or the new one,
all tables of it. The name is the digest of the content: publishing the same content twice changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from course_lib.errors import LateWrite
from course_lib.storage import digests
from course_lib.storage.atomic import TEMPORARY, replacing_folder, unwritable, write_json

CURRENT = "current"
VERSIONS = "versions"
MANIFEST = "MANIFEST.json"
KEEP = 2  # versions: the one in use, and the one to go back to


def current(root: Path) -> str | None:
    """The name of the version that is visible below `root`, or None."""
    link = root / CURRENT
    return link.readlink().name if link.is_symlink() else None


def publish(root: Path, files: Mapping[str, Path], digest: str, expected: str | None) -> Path:
    """Make `files` (name in the version -> where it lies now) the visible version; its folder.

    The files are linked, not copied, and become read-only: to replace one is to write another.

    digest    of the content; its first 16 digits name the version
    expected  the version that was current when the work began; raises LateWrite when it no longer is
    """
    name = digest[:16]
    version = root / VERSIONS / name
    if not _complete(version, files, digest):
        with replacing_folder(version) as beside:
            for relative, source in sorted(files.items()):
                target = beside / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(source, target)
            write_json(beside / MANIFEST, {"digest": digest, "files": digests.of_folder(beside)})
    if current(root) != expected:
        raise LateWrite(expected, current(root))
    _point(root, name)
    _prune(root, {name, expected})
    return version


def _complete(version: Path, files: Mapping[str, Path], digest: str) -> bool:
    """Whether the version is there already, and is what would be written now."""
    try:
        told = json.loads((version / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    present = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    return (
        isinstance(told, dict)
        and told.get("digest") == digest
        and present == {*files, MANIFEST}
        and all(_same(version / name, source) for name, source in files.items())
    )


def _same(one: Path, other: Path) -> bool:
    return one.samefile(other) or digests.of_file(one) == digests.of_file(other)


def _link(source: Path, target: Path) -> None:
    """The same bytes under a second name; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    with suppress(OSError):  # a guard against accidents, which not every file system gives
        target.chmod(0o444)


def _point(root: Path, name: str) -> None:
    """Let `current` name another version, in one step."""
    link, beside = root / CURRENT, root / f"{TEMPORARY}{secrets.token_hex(6)}-{CURRENT}"
    try:
        beside.symlink_to(Path(VERSIONS) / name)
        os.replace(beside, link)
    except OSError as error:  # no symbolic links here, or `current` is a folder that somebody made
        beside.unlink(missing_ok=True)
        raise unwritable(link, error) from error


def _prune(root: Path, keep: set[str | None]) -> None:
    versions = sorted((root / VERSIONS).iterdir(), key=lambda path: path.stat().st_mtime)
    spare = [path for path in versions if path.name not in keep]
    for path in spare[: max(0, len(versions) - KEEP)]:
        shutil.rmtree(path)
