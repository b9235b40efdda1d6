"""How does a new version of all tables become visible at once?

Write, audit, publish: a version is a folder below `versions/` that never changes once it has its name, and `current`
is a symbolic link to one of them. Swapping the link is one rename, so a reader sees the old version or the new one,
all tables of it. The name is the digest of the content: publishing the same content twice changes nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from course_lib.errors import LateWrite
from course_lib.storage import digests
from course_lib.storage.atomic import TEMPORARY, replacing_folder, write_json

CURRENT = "current"
VERSIONS = "versions"
KEEP = 2  # versions: the one in use, and the one to go back to


def current(root: Path) -> str | None:
    """The name of the version that is visible below `root`, or None."""
    link = root / CURRENT
    return link.readlink().name if link.is_symlink() else None


def publish(root: Path, files: Mapping[str, Path], digest: str, expected: str | None) -> Path:
    """Make `files` (name in the version -> where it lies now) the visible version; its folder.

    digest    of the content; its first 16 digits name the version
    expected  the version that was current when the work began; raises LateWrite when it no longer is
    """
    name = digest[:16]
    version = root / VERSIONS / name
    if not _complete(version, files):
        with replacing_folder(version) as beside:
            for relative, source in sorted(files.items()):
                target = beside / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(source, target)
            write_json(beside / "MANIFEST.json", {"digest": digest, "files": digests.of_folder(beside)})
    if current(root) != expected:
        raise LateWrite(expected, current(root))
    beside = root / f"{TEMPORARY}{secrets.token_hex(6)}-{CURRENT}"
    beside.symlink_to(Path(VERSIONS) / name)
    os.replace(beside, root / CURRENT)
    _prune(root, {name, expected})
    return version


def _complete(version: Path, files: Mapping[str, Path]) -> bool:
    """Whether the version is there already, as its own manifest says."""
    present = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    return present == {*files, "MANIFEST.json"} and all(
        (version / name).read_bytes() == source.read_bytes() if source.stat().st_size < 1 << 20 else
        digests.of_file(version / name) == digests.of_file(source)
        for name, source in files.items()
    )  # fmt: skip


def _link(source: Path, target: Path) -> None:
    """The same bytes under a second name; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _prune(root: Path, keep: set[str | None]) -> None:
    versions = sorted((root / VERSIONS).iterdir(), key=lambda path: path.stat().st_mtime)
    spare = [path for path in versions if path.name not in keep]
    for path in spare[: max(0, len(versions) - KEEP)]:
        shutil.rmtree(path)
