"""How long did a program take, how much processor time and how much memory?

Memory is the peak of the summed PSS of the process and all its descendants: the resident set with each page that n
processes share counted as 1/n, so a pool of workers pays once for what it shares. Reading PSS walks the page tables
(50 ms at several GB, with the memory lock of the process held), which would disturb what is measured. So every 100 ms
the resident sets are summed, which costs microseconds, and PSS is read only where that sum is 2 % higher than it was
at any earlier reading: the peak is right to about 2 %, but for one that lasts less than 100 ms. Where the kernel does
not say PSS, the sum of the resident sets stands in and is labelled so.

Processor time is what the kernel charged to the process and all its descendants (benchmarks/reaper.py waits for those
that outlive their parents, and is in the wall time with some 20 ms).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

INTERVAL = 0.1  # s
STEP = 1.02  # read PSS where the sum of resident sets is that much higher than ever
REAPER = [sys.executable, "-S", str(Path(__file__).with_name("reaper.py"))]
PAGE = os.sysconf("SC_PAGE_SIZE")


class Usage(NamedTuple):
    """What one run of a program took."""

    code: int  # of its exit; 128 and the signal that ended it
    wall_s: float  # from its start to its end, interpreter and imports included
    cpu_s: float  # user and system, of the tree
    peak_bytes: int  # of the tree
    memory: str  # "PSS", or "RSS" where PSS cannot be read
    written_bytes: int  # handed to the file system by the tree, temporary files included


def run(command: Sequence[str], log: Path, cores: int = 2, env: dict[str, str] | None = None) -> Usage:
    """Run `command` on `cores` cores, its output appended to `log`, and measure it.

    A process that is interrupted here takes its descendants with it.
    """
    with log.open("ab") as output, on_cores(cores):
        began = time.perf_counter()
        process = subprocess.Popen(
            [*REAPER, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
        )
    sampler = Sampler(process.pid)  # less the reaper itself
    try:
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it was waited for here
    finally:
        sampler.stop()
        with suppress(ProcessLookupError):  # whoever it left behind
            os.killpg(process.pid, signal.SIGKILL)
    return Usage(
        code=process.returncode,
        wall_s=wall,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=sampler.peak,
        memory=sampler.memory,
        written_bytes=used.ru_oublock * 512,
    )


@contextmanager
def on_cores(cores: int) -> Iterator[None]:
    """Within, started processes may use only the first `cores` cores of those this one may use."""
    if not hasattr(os, "sched_setaffinity"):  # macOS: the peers' --threads is all there is
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Sampler:
    """A thread that watches the memory of all processes below `pid` until it is stopped."""

    def __init__(self, pid: int):
        self.pid, self.peak, self.memory = pid, 0, "PSS"
        self._high = 0.0  # sum of resident sets at which PSS is due
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch; `peak` is final then."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            tree = descendants(self.pid)[1:]
            resident = sum(resident_bytes(pid) for pid in tree)
            if resident < self._high:
                continue
            self._high = resident * STEP
            shares = [proportional_bytes(pid) for pid in tree]
            if any(share is not None for share in shares):
                self.peak = max(self.peak, sum(share or 0 for share in shares))
            elif resident:
                self.memory, self.peak = "RSS", max(self.peak, resident)


def descendants(pid: int) -> list[int]:
    """`pid` and every process below it, as far as they are still there."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                with suppress(OSError):
                    waiting += map(int, (task / "children").read_text().split())
    return found


def resident_bytes(pid: int) -> int:
    """The resident set of one process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int | None:
    """The proportional set of one process; None when it is gone or the kernel does not say."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def bytes_below(folder: Path) -> int:
    """The sum of the sizes of all files below `folder`, links followed."""
    return sum(
        (Path(where) / name).stat().st_size for where, _, names in os.walk(folder, followlinks=True) for name in names
    )
