"""How much memory did a run take, with all its processes?

A thread adds up the resident memory of this process and its descendants five times a second and remembers the
largest sum. Pages that processes share are counted once for each: the figure is an upper bound.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

import psutil

_EVERY = 0.2  # s


class PeakMemory:
    """Watches from enter to exit; `megabytes` is the largest sum seen (of 2**20 bytes)."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            with suppress(psutil.Error, OSError):  # no look this time: too many files are open, or the like
                for process in [me, *me.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it ended since it was listed
                        total += process.memory_info().rss
            self.megabytes = max(self.megabytes, total / (1 << 20))
            if self._stop.wait(_EVERY):
                return
