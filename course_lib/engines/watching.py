"""What do the processes of a call use, whom do they listen to, and are they all gone afterwards?

Processes are found by descent, by session and, at the end, by a mark in their environment, because engines start
daemons that leave their parents. Memory is the peak of the summed PSS (each page that n processes share counts 1/n);
where the kernel does not say PSS, the summed resident sets.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from course_lib.engines.child import marked

LOOK = 0.25  # s between two looks at memory
GLANCE = 0.05  # s between two looks at who listens; a server may be there for less than a second
# s after which one that other machines can call is looked for again: who asks the system for a free port (Java's
# ServerSocket(0), closed at once) listens on every network for a moment, and takes no call.
_STAYS = 0.3
STEP = 1.02  # PSS, which is slow to read, is read where the resident sets are that much higher than ever
_PATIENCE = 20.0  # s for killed processes to be gone
_LISTS = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
_COLLECTING: list[list[int]] = []


@contextlib.contextmanager
def collecting() -> Iterator[list[int]]:
    """Within, the peak memory of every call that ends is added to the list."""
    peaks: list[int] = []
    _COLLECTING.append(peaks)
    try:
        yield peaks
    finally:
        _COLLECTING.remove(peaks)


class Watch:
    """A thread that watches the process `pid`, leader of its session, and all that comes of it."""

    def __init__(self, pid: int, mark: str):
        self.pid, self.mark = pid, mark
        self.peak_bytes = 0
        self.listened: set[tuple[str, int]] = set()
        self._seen: dict[int, psutil.Process] = {}
        self._high = 0.0
        self._known = _listeners()  # sockets that are none of ours
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"watch-{pid}")
        self._thread.start()

    def end(self) -> None:
        """Kill everything that is left of the call, and wait until it is gone; the second time does nothing."""
        if self._over.is_set():
            return  # by now the number may be another process's
        self._over.set()
        self._thread.join()
        for peaks in _COLLECTING:
            peaks.append(self.peak_bytes)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            left = {pid for pid, process in self._seen.items() if pid != self.pid and _runs(process)}
            left |= {pid for pid in marked(self.mark) if pid != os.getpid()}
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if not left:
                return
            time.sleep(0.02)

    def _run(self) -> None:
        due, over = 0.0, False
        passing: dict[tuple[str, int], float] = {}  # where other machines can call, and since when
        while not over:
            fresh = _listeners() - self._known
            now = time.monotonic()
            if fresh or now >= due:
                processes = self._tree()
                if fresh or not _LISTS:
                    found = listening(processes)
                    self.listened |= {one for one in found if is_loopback(one[0])}
                    passing = dict.fromkeys(found - self.listened, now) | passing
                    self._known |= fresh
                if now >= due:
                    self._weigh(processes)
                    due = time.monotonic() + LOOK
            if settled := {one for one, since in passing.items() if now - since >= _STAYS}:
                self.listened |= settled & listening(self._tree())
                passing = {one: since for one, since in passing.items() if one not in settled}
            over = self._over.wait(GLANCE)
        self.listened |= set(passing)  # it ended before that was known

    def _tree(self) -> list[psutil.Process]:
        """The processes of the call that are there now."""
        parents = {}
        for process in psutil.process_iter(["ppid"]):
            parents[process.pid] = (process.info["ppid"], process)
        inside = {self.pid, *(pid for pid, process in self._seen.items() if pid in parents and _runs(process))}
        grown = True
        while grown:
            more = {
                pid for pid, (parent, _) in parents.items()
                if pid not in inside and (parent in inside or _session(pid) == self.pid)
            }  # fmt: skip
            grown = bool(more)
            inside |= more
        found = {pid: parents[pid][1] for pid in inside if pid in parents}
        self._seen |= found
        return list(found.values())

    def _weigh(self, processes: list[psutil.Process]) -> None:
        resident = 0
        for process in processes:
            with contextlib.suppress(psutil.Error, OSError):
                resident += process.memory_info().rss
        if resident < self._high:
            return
        self._high = resident * STEP
        shares = [_share(process.pid) for process in processes]
        known = [share for share in shares if share is not None]
        self.peak_bytes = max(self.peak_bytes, sum(known) if known else resident)


def listening(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    """The TCP addresses (ip, port) that these processes listen on."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            for one in process.net_connections("tcp"):
                if one.status == psutil.CONN_LISTEN:
                    found.add((one.laddr.ip, one.laddr.port))
    return found


def is_loopback(ip: str) -> bool:
    """Whether only this machine can call that address.

    >>> [is_loopback(ip) for ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "192.168.1.7")]
    [True, True, True, False, False, False]
    """
    address = ipaddress.ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _listeners() -> set[str]:
    """Every socket of this machine that listens, by the kernel's own number: a look that costs next to nothing."""
    found = set()
    for path in _LISTS:
        with contextlib.suppress(OSError):
            for line in path.read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A":  # TCP_LISTEN in Linux's include/net/tcp_states.h
                    found.add(words[9])
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _share(pid: int) -> int | None:
    """The proportional set of a process in bytes; None where it is gone or the kernel does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None
