"""How does one answer run so that it meets no other, although all of them come from one warm process?

The warm process of answers stands in a sandbox of bubblewrap (sandbox.py): read-only system, no network, none of the
class's files. Within it a fork alone would not do: forks of one user share /tmp, /proc and the right to signal each
other, and could wait there for the next submission. So every run is two processes more:

    guard    a fork of the warm process in a user namespace of its own; runs no line of the answer
    answer   its child, process 1 of a process namespace, with its own mounts, network, IPC and host name

The answer sees no process but its own, a /tmp and a /dev/shm that nobody else has seen, its scratch folder and no
other, and empty files in the place of the modules that hold the answer. It has no capability, and a filter of system
calls keeps it from getting one. The guard counts its processes, memory and files, and ends it when it takes too much,
or when whoever holds the other end of the leash lets go; with process 1 the kernel ends everything that it started.

`prepare` and `run` are a role of exercises/protocol/warm.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import select
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from course_lib.exercises.protocol import worker
from course_lib.grading import system_calls as calls

MOST_PROCESSES = 64
MOST_MEMORY = 3 << 30  # bytes, of all processes of an answer together
MOST_FILES, MOST_WRITTEN = 10_000, 512 << 20  # in the scratch folder
MOST_FILE = 256 << 20  # bytes of one file
_TICK = 0.05  # s between two looks of the guard
_TMPFS = "mode=0700,size=256m,nr_inodes=20000"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_THREADS = 256
_NICE = 10  # an answer's processes come after the guard that counts them

prepare = worker.prepare
State = worker.State


def run(state: State, job: dict[str, Any], sockets: list[socket.socket]) -> None:
    """Run an answer enclosed. `sockets`: the wire to the tests, and the leash of the guard."""
    wire, leash = sockets
    try:
        calls.own_user_and_processes()
        pid = os.fork()
        if pid == 0:
            _answer(state, job, wire, leash)
    except OSError as error:
        _say(leash, unusable=str(error))
        return
    wire.close()
    _guard(pid, job["bound"], leash)


def _answer(state: State, job: dict[str, Any], wire: socket.socket, leash: socket.socket) -> NoReturn:
    try:
        try:
            enclose(job["bound"], job["scratch"], job["covered"], job["kept"])
        except OSError as error:
            _say(leash, unusable=str(error))
            os._exit(1)
        leash.close()
        os.nice(_NICE)
        tempfile.tempdir = os.environ["TMPDIR"] = job["tmp"]
        worker.MOST_WRITTEN = MOST_FILE
        worker.run(state, job, [wire])
    finally:
        os._exit(0)


def enclose(folder: str, scratch: str, covered: list[str], kept: list[str]) -> None:
    """Shut this process in.

    folder   the only one that it shares with anybody; it lies in `scratch`, of which nothing else is seen
    covered  files and folders that are empty from here on
    kept     folders below /tmp that stay where they are (a checkout may lie there)
    """
    os.setsid()  # or a signal to its process group would reach the guard
    calls.die_with_parent(signal.SIGKILL)
    calls.unshare(calls.NEW_NS | calls.NEW_IPC | calls.NEW_NET | calls.NEW_UTS)
    calls.mount("none", "/", "", calls.MS_REC | calls.MS_PRIVATE)
    for path in covered:
        if Path(path).is_dir():
            calls.mount("none", path, "tmpfs", calls.MS_RDONLY, "size=4k")
        elif Path(path).exists():
            calls.mount("/dev/null", path, "", calls.MS_BIND)
    shared = [(place, os.open(place, os.O_PATH | os.O_DIRECTORY)) for place in (*kept, folder)]
    for place in ("/tmp", scratch):  # noqa: S108  its own
        if Path(place).is_dir():  # the second may have lain in the first
            calls.mount("none", place, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, _TMPFS)
    for place, fd in shared:
        Path(place).mkdir(parents=True, exist_ok=True)
        calls.mount(f"/proc/self/fd/{fd}", place, "", calls.MS_BIND | calls.MS_REC)
        os.close(fd)
    calls.mount("none", "/dev/shm", "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "mode=0700,size=64m")  # noqa: S108
    calls.mount("none", "/dev/pts", "tmpfs", calls.MS_RDONLY, "size=4k")
    try:
        calls.mount("none", "/proc", "proc", calls.MS_NOSUID | calls.MS_NODEV | calls.MS_NOEXEC)
    except PermissionError:  # the kernel gives none where that of the sandbox is partly covered, as root's is
        calls.mount("none", "/proc", "tmpfs", calls.MS_RDONLY, "size=4k")
    calls.loopback_up()
    calls.drop_capabilities()
    calls.filter_calls()
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14):  # before, it counted all of a user's
        # Threads count, too. For a user who is root outside the kernel does not count; the guard does.
        resource.setrlimit(resource.RLIMIT_NPROC, (_THREADS, _THREADS))


def _guard(pid: int, folder: str, leash: socket.socket) -> None:
    """Watch process 1 of an answer until it ends or must."""
    waiting = select.poll()
    ended = os.pidfd_open(pid)
    waiting.register(ended, select.POLLIN)
    waiting.register(leash, select.POLLIN)
    ready, looks, shared = list[int](), 0, resident(os.getpid())
    while not ready:
        ready = [fd for fd, _ in waiting.poll(_TICK * 1000)]
        looks += 1
        over = "" if ready else too_much(pid, shared) or (too_many_files(folder) if looks % 4 == 0 else "")
        if over:
            _say(leash, over=over)
            break
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # and the kernel kills all others of the namespace with it
    os.waitpid(pid, 0)


def too_much(pid: int, shared: int) -> str:
    """What a process and its children take that they may not; empty when they are within their bounds.

    shared  bytes that each of them has in common with the warm process
    """
    tree = descendants(pid)
    if len(tree) > MOST_PROCESSES:
        return f"it started more than {MOST_PROCESSES} processes"
    # To say what pages are whose takes the kernel a while, in which processes may multiply: it is asked late.
    if sum(max(resident(process) - shared, 0) for process in tree) > MOST_MEMORY:
        held = 0
        for process in tree:
            held += _proportional(process)
            if held > MOST_MEMORY:
                return f"it took more than {MOST_MEMORY >> 30} GB of memory"
    return ""


def descendants(pid: int) -> list[int]:
    """`pid` and the processes below it, a little more of them than there may be at most."""
    found, waiting = list[int](), [pid]
    while waiting and len(found) <= MOST_PROCESSES:
        found.append(waiting.pop())
        with contextlib.suppress(OSError):
            for task in os.scandir(f"/proc/{found[-1]}/task"):
                waiting += map(int, _read(f"{task.path}/children").split())
    return found


def too_many_files(folder: str) -> str:
    """What lies in the scratch folder beyond what may; empty when all is well."""
    files = size = 0
    waiting = [folder]
    until = time.monotonic() + 1
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                files += 1
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                if files > MOST_FILES or time.monotonic() > until:
                    return f"it made more than {MOST_FILES:,} files"
        if size > MOST_WRITTEN:
            return f"it wrote more than {MOST_WRITTEN >> 20} MB"
    return ""


def resident(pid: int) -> int:
    """Bytes that a process has in memory, what it shares with others included."""
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _proportional(pid: int) -> int:
    """Bytes of one process, a page that n processes share counted as 1/n; all it holds where that cannot be read."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return resident(pid)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123  20 times a second
            return file.read()
    except OSError:
        return ""


def _say(leash: socket.socket, **told: str) -> None:
    with contextlib.suppress(OSError):
        leash.sendall(json.dumps(told).encode() + b"\n")
