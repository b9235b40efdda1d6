"""Where do environments and jars live, and how does one appear there whole or not at all?

Outside the checkout, in the user's cache: COURSE_CACHE, else XDG_CACHE_HOME, else ~/.cache. What is built has a key,
the digest of all that decides its content, and a name made of it:

    engines/env-dask-2f…         a symbolic link, which exists when and only when what it points to is complete
    engines/env-dask-2f….k3x/    what it points to

Scripts of an environment name their own folder, so an environment cannot be renamed after it was built; the link can.
A build that was killed leaves a folder without a link, which the next build of the same key removes.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.errors import OutputUnwritable

Say = Callable[[str], None]


def cache_root() -> Path:
    """The cache of this course. Raises OutputUnwritable where no home can be found."""
    own, xdg = os.environ.get("COURSE_CACHE", ""), os.environ.get("XDG_CACHE_HOME", "")
    if own:
        return Path(own).absolute()
    if xdg and Path(xdg).is_absolute():  # the XDG specification has relative ones ignored
        return Path(xdg) / "data-pipelines-course"
    try:
        return Path.home() / ".cache" / "data-pipelines-course"
    except RuntimeError as error:
        raise OutputUnwritable("~/.cache", "nobody knows where home is", "Set COURSE_CACHE to a folder.") from error


def engines_root() -> Path:
    """The folder of everything that engines need, made if absent."""
    root = cache_root() / "engines"
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot be made ({(error.strerror or str(error)).lower()})"
        raise OutputUnwritable(root, why, "Set COURSE_CACHE to a folder of your own.") from error
    return root


def there(key: str) -> Path | None:
    """The folder of what was built under `key`, or None."""
    link = engines_root() / key
    folder = link.parent / link.readlink() if link.is_symlink() else None
    return folder if folder is not None and folder.is_dir() else None


def built(key: str, build: Callable[[Path], None], say: Say) -> Path:
    """The folder of `key`; where it is not there yet, `build` fills a new one.

    Several processes may ask at once: one builds, the others wait for it. What `build` raises goes through, and
    leaves nothing behind.
    """
    if found := there(key):
        return found
    root = engines_root()
    with alone(key, say):
        if found := there(key):
            return found
        for stray in root.glob(f"{key}.*"):
            _remove(stray)
        beside = root / f"{key}.{secrets.token_hex(3)}"
        try:
            beside.mkdir()
            build(beside)
            os.sync()  # a power cut must not leave a link to what was never written
            link = root / f"{key}.{secrets.token_hex(3)}"
            link.symlink_to(beside.name)
            os.replace(link, root / key)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return beside


@contextmanager
def alone(key: str, say: Say) -> Iterator[None]:
    """One process at a time for `key`; the operating system lets go when it ends, however it ends."""
    with (engines_root() / f".{key}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another installation to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove(prefix: str, say: Say) -> int:
    """Remove everything whose key begins with `prefix`; how many bytes that frees."""
    freed, root = 0, engines_root()
    for link in sorted(path for path in root.glob(f"{prefix}*") if path.is_symlink()):
        with alone(link.name, say):
            link.unlink(missing_ok=True)
    for folder in sorted(root.glob(f"{prefix}*")):
        if folder.is_dir():
            freed += size(folder)
            _remove(folder)
    return freed


def size(folder: Path) -> int:
    """The bytes of all files below `folder`, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
