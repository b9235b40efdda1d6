"""How do a thousand answers start in a clean process each, when the imports alone take seconds?

One process imports once and forks. No thread of Python's runs in it, so that forking is safe. There are three ranks:

    base      has done the imports; knows no chapter, no test, no secret
    server    a fork of the base that has run a chapter's setup cells, in a role: tests or answers
    run       a fork of a server that judges, or answers, once; it leads its own process group

Whoever holds the other end of a rank's socket commands it; when that end closes, by a kill too, the rank ends and takes
its runs with it. Messages here are between processes of ours: an answer's process holds none of these sockets.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError

# Role: the module with `prepare(spec) -> state` and `run(state, job, sockets)`.
ROLES = {"tests": "course_lib.exercises.bench", "answers": "course_lib.exercises.protocol.worker"}
_IMPORTED = ("numpy", "pandas", "pyarrow", "pyarrow.compute", "pyarrow.ipc", *ROLES.values())
# A fork copies the thread that forks and no other. Arrow makes its pool anew in a fork; the others are kept from having
# one, and Arrow's allocator from having a thread in the background.
_QUIET = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
_QUIET |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "JAVA_HOME")
MOST_BYTES = 64 << 20  # of one message between ranks


class ServerFailed(CourseError):
    """A warm process could not be prepared; the message says which and why."""


class Server:
    """The commanding end of one rank; several threads may command."""

    def __init__(self, control: socket.socket, process: subprocess.Popen[bytes] | None = None):
        self._control, self._process = control, process
        self._home: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def ask(self, message: dict[str, Any], sockets: Sequence[socket.socket] = ()) -> dict[str, Any]:
        """The reply to `message`. Raises ServerFailed."""
        try:
            with self._lock:
                send(self._control, message, [sock.fileno() for sock in sockets])
                reply, _ = receive(self._control)
        except (OSError, EOFError) as error:
            raise ServerFailed(f"a warm process is gone ({error})") from error
        if "error" in reply:
            raise ServerFailed(reply["error"])
        return reply

    def server(self, role: str, spec: dict[str, Any]) -> Server:
        """A fork of this base in a role, prepared. Raises ServerFailed with what its setup said."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.ask({"do": "server", "role": role, "spec": spec}, [theirs])
        forked = Server(ours)
        try:
            forked.ready()
        except ServerFailed:
            forked.close()
            raise
        return forked

    def ready(self) -> None:
        """Wait until this rank has said that it is prepared. Raises ServerFailed."""
        try:
            reply, _ = receive(self._control)
        except (OSError, EOFError) as error:
            raise ServerFailed("a warm process died while it ran the setup cells") from error
        if "error" in reply:
            raise ServerFailed(reply["error"])

    def run(self, job: dict[str, Any], sockets: Sequence[socket.socket]) -> int:
        """Start a run that holds `sockets`; its process id."""
        return int(self.ask({"do": "run", "job": job}, sockets)["pid"])

    def alive(self) -> bool:
        """Whether this rank still answers."""
        try:
            return bool(self.ask({"do": "ping"}))
        except ServerFailed:
            return False

    def end(self, pid: int) -> int:
        """Kill a run and all of its process group; the status it ended with, as `os.waitpid` tells it."""
        try:
            return int(self.ask({"do": "end", "pid": pid})["status"])
        except ServerFailed:  # it is gone, and its runs with it
            return 0

    def close(self) -> None:
        """End this rank and everything that runs under it."""
        self._control.close()
        if self._process is not None:
            self._process.wait()
        if self._home is not None:
            self._home.cleanup()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


def start_base(more_environment: dict[str, str] | None = None, within: Sequence[str] = (), wait: bool = True) -> Server:
    """A base: a new interpreter that has done the imports. It inherits no secret and few variables.

    within  the words before its command, of what shuts it in; what it prints goes nowhere then
    wait    until it is ready; else the caller does, by `ready`
    """
    ours, theirs = socket.socketpair()
    home = tempfile.TemporaryDirectory(prefix="course-warm-")
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= _QUIET | {"IPYTHONDIR": home.name, "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    with theirs:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment | (more_environment or {}),
            cwd=Path(__file__).resolve().parents[3],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if within else None,
            start_new_session=True,  # Ctrl-C is for the one who commands
        )
    base = Server(ours, process)
    base._home = home
    if wait:
        base.ready()
    return base


def send(sock: socket.socket, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
    """Write a message and the file descriptors that go with it."""
    data = json.dumps(message).encode()
    socket.send_fds(sock, [struct.pack(">I", len(data))], list(fds))
    sock.sendall(data)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next message and its file descriptors. Raises EOFError when the other end is closed."""
    head, fds, _, _ = socket.recv_fds(sock, 4, 8)
    while 0 < len(head) < 4:
        head += _some(sock, 4 - len(head))
    if not head:
        raise EOFError("closed")
    (length,) = struct.unpack(">I", head)
    if length > MOST_BYTES:
        raise OSError(f"a message of {length} bytes")
    data = bytearray()
    while len(data) < length:
        data += _some(sock, length - len(data))
    return json.loads(data), fds


def _some(sock: socket.socket, most: int) -> bytes:
    data = sock.recv(min(most, 1 << 20))
    if not data:
        raise EOFError("closed in the middle of a message")
    return data


def _serve_base(control: socket.socket) -> None:
    while True:
        message, fds = receive(control)
        pid = os.fork()
        if pid == 0:
            control.close()
            _as_child(partial(_serve_role, socket.socket(fileno=fds[0]), message["role"], message["spec"]))
        for fd in fds:
            os.close(fd)
        send(control, {"pid": pid})
        _reap()


def _serve_role(control: socket.socket, role: str, spec: dict[str, Any]) -> None:
    module = import_module(ROLES.get(role, role))  # a role may be the name of its module
    try:
        state = module.prepare(spec)
        left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        if left:
            raise ServerFailed(f"setup left threads running ({', '.join(left)}): a process with threads cannot fork")
    except BaseException as error:
        send(
            control, {"error": f"{type(error).__name__}: {error}" if not isinstance(error, CourseError) else str(error)}
        )
        return
    send(control, {"ready": True})
    running: set[int] = set()
    try:
        while True:
            message, fds = receive(control)
            if message["do"] == "ping":
                send(control, {"ready": True})
                continue
            if message["do"] == "end":
                send(control, {"status": _end(message["pid"])})
                running.discard(message["pid"])
                continue
            pid = os.fork()
            if pid == 0:
                os.setpgid(0, 0)
                keep_only(fds)
                _as_child(partial(module.run, state, message["job"], [socket.socket(fileno=fd) for fd in fds]))
            with contextlib.suppress(OSError):  # the run may have led its group, or ended, before us
                os.setpgid(pid, pid)
            running.add(pid)
            for fd in fds:
                os.close(fd)
            send(control, {"pid": pid})
    finally:
        for pid in running:
            _end(pid)


def _as_child(work: Any) -> None:
    """Do the work and end this process: no code of the parent, and no handler at exit, runs after it."""
    code = 1
    try:
        work()
        code = 0
    except (EOFError, OSError):
        code = 0  # whoever commanded is gone
    except BaseException as error:
        sys.__stderr__ and print(f"{type(error).__name__}: {error}", file=sys.__stderr__)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def keep_only(fds: Iterable[int]) -> None:
    """Close every file descriptor from 3 on except `fds`."""
    kept = sorted(fds)
    for low, high in zip([3, *[fd + 1 for fd in kept]], [*kept, os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(low, min(high, 1 << 16))


def _end(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Be a base on the socket whose file descriptor is the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in _IMPORTED:
        import_module(name)
    from course_lib.exercises.protocol.shell import new_shell

    new_shell()
    sys.path[:] = [place for place in sys.path if place]  # nothing is imported from a folder that answers write to
    send(control, {"ready": True})
    with contextlib.suppress(EOFError, OSError):
        _serve_base(control)


if __name__ == "__main__":
    main()
