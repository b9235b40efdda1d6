"""Who ends a service when the one who started it is gone?

A database, a broker or an object store runs in a process of its own, and a notebook's kernel may be killed at any
moment, without a chance to clean up. Between the two stands a keeper, a small program (this file, standard library
only) that holds one end of a pipe. The kernel holds the other: when the kernel ends, in whatever way, the operating
system closes it, and the keeper stops the service and removes its folder. Should the keeper itself be killed, Linux
sends the service a signal (prctl PR_SET_PDEATHSIG).

    kernel ──pipe──> keeper ──> service
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from course_lib.errors import EngineUnavailable

PATIENCE = 15.0  # seconds that a service has for ending by itself
GLANCE = 0.25  # seconds between two looks at the parent; the pipe is watched all the time
_SET_PDEATHSIG = 1


class Keeper:
    """A service of this process: `steps` one after the other, the last of which is the service itself.

    Without steps there is no service, and the folder alone goes with this process.

    folder     belongs to the service; holds `service.log`, and is removed when the service has ended
    ending     the signal that asks the service to end
    pass_fds   open sockets that the service inherits
    user       uid and gid under which the steps run; None for those of this process
    """

    def __init__(
        self,
        name: str,
        steps: Sequence[Sequence[str]],
        folder: Path,
        *,
        ending: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
        user: tuple[int, int] | None = None,
        env: dict[str, str] | None = None,
    ):
        self.name, self.folder = name, folder
        told = {
            "parent": os.getpid(), "steps": [list(step) for step in steps], "folder": str(folder),
            "ending": int(ending), "fds": list(pass_fds), "user": user,
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", __file__, json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=pass_fds,
            start_new_session=True,  # Ctrl-C is for the notebook; the service outlives it
            env={**(os.environ if env is None else env), "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        atexit.register(self.stop)

    @property
    def pid(self) -> int:
        """The process id of the keeper."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the service still runs, or has yet to start."""
        return self._process.poll() is None

    def log(self) -> str:
        """The last lines that the service wrote."""
        try:
            return (self.folder / "service.log").read_text("utf-8", "replace")[-2000:]
        except OSError:
            return ""

    def check(self) -> None:
        """Raise EngineUnavailable, with what the service said, where it has ended."""
        if not self.running:
            raise EngineUnavailable(self.name, f"It ended by itself. Its last words: {self._last_words()!r}")

    def wait_for_end(self, seconds: float) -> None:
        """Wait until the service has ended, but not longer than `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return (self.folder.parent / f"{self.folder.name}.last").read_text("utf-8", "replace")
        return ""

    def stop(self) -> None:
        """End the service and wait until it has ended; safe to call twice."""
        atexit.unregister(self.stop)
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            (self.folder.parent / f"{self.folder.name}.last").unlink()


class Scratch:
    """A folder for this process's files at `path`, which is removed when the process ends, also when it is killed."""

    def __init__(self, prefix: str = "course-"):
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._keeper = Keeper("a folder", [], self.path)

    def remove(self) -> None:
        """Remove the folder now; safe to call twice."""
        self._keeper.stop()


def main(told: dict) -> int:
    """Run the steps; end the service when the parent has."""
    signal.signal(signal.SIGTERM, _leave)
    folder = Path(told["folder"])
    service: subprocess.Popen[bytes] | None = None
    try:
        while not told["steps"]:  # nothing to run: the folder alone is kept
            if _alone(told["parent"]):
                return 0
        with (folder / "service.log").open("ab", buffering=0) as log:
            for number, step in enumerate(told["steps"]):
                service = _start(step, told, log.fileno())
                while service.poll() is None:
                    if _alone(told["parent"]):
                        return 0
                if service.returncode != 0 or number == len(told["steps"]) - 1:
                    _leave_last_words(folder)
                    return 1
        return 0
    finally:
        if service is not None:
            _end(service, told["ending"])
        shutil.rmtree(folder, ignore_errors=True)


def _start(step: list[str], told: dict, log: int) -> subprocess.Popen[bytes]:
    rights: dict = {}
    keeper = os.getpid()
    if told["user"] is not None:
        rights = {"user": told["user"][0], "group": told["user"][1], "extra_groups": []}
    return subprocess.Popen(
        step,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=told["folder"],
        pass_fds=told["fds"],
        preexec_fn=lambda: _die_with(keeper, told["ending"]),  # after the change of user, which would undo it
        **rights,
    )


def _alone(parent: int) -> bool:
    """Whether the parent is gone, or has asked to stop; waits for GLANCE seconds at most."""
    ready, _, _ = select.select([0], [], [], GLANCE if os.getppid() == parent else 0)
    return os.getppid() != parent or (bool(ready) and os.read(0, 1) == b"")


def _die_with(keeper: int, ending: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, ending, 0, 0, 0)
        if os.getppid() != keeper:  # it was killed before we asked to be told
            os._exit(1)


def _end(service: subprocess.Popen[bytes], ending: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        service.send_signal(ending)
    try:
        service.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def _leave_last_words(folder: Path) -> None:
    with contextlib.suppress(OSError):
        said = (folder / "service.log").read_text("utf-8", "replace")[-2000:]
        (folder.parent / f"{folder.name}.last").write_text(said, "utf-8")


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def wait_until(ready: bool, keeper: Keeper, since: float, patience: float) -> bool:
    """Whether `ready`; otherwise a short pause. Raises EngineUnavailable where the service ended or takes too long."""
    if ready:
        return True
    keeper.check()
    if time.monotonic() - since > patience:
        raise EngineUnavailable(keeper.name, f"It did not answer within {patience:.0f} s: {keeper.log()!r}")
    time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
