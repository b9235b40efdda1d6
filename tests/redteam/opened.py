"""Did anybody read this file? Linux tells: inotify."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from types import TracebackType

_ACCESS = 0x1  # IN_ACCESS of <sys/inotify.h>: somebody read from it


class Opened:
    """Watches one file for as long as the block lasts, also where it is seen at another place, as in a sandbox."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> Opened:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0 or libc.inotify_add_watch(self._fd, os.fsencode(self._path), _ACCESS) < 0:
            raise OSError(ctypes.get_errno(), "inotify cannot watch", str(self._path))
        return self

    def seen(self) -> bool:
        """Whether it was read until now."""
        try:
            return bool(os.read(self._fd, 4096))
        except BlockingIOError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        os.close(self._fd)
