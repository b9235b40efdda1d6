"""How does a broker outlive the command that started it, without being forgotten?

`course kafka start` starts this file as a program of its own, which starts the broker and waits to be told to end:

    course kafka start ──> this program ──> keeper ──> broker
    course kafka stop  ──signal──^

It holds a lock on a file for as long as it lives, so whether a broker runs is a question to the operating system and
not to a number in a file; a machine that was switched off leaves nothing that looks like a broker.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from course_lib.engines.cache import engines_root
from course_lib.errors import CourseError, EngineUnavailable, one_line
from course_lib.ingestion.keeper import PATIENCE

_PAUSE = 0.1  # s between two looks


class Running(NamedTuple):
    """A broker that was started by `course kafka start`."""

    pid: int  # of this program
    bootstrap: str
    version: str
    data: str


def status() -> Running | None:
    """The broker that runs for this user, or None."""
    if not _is_held():
        return None
    try:
        return Running(**json.loads(_state().read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # it is about to start, or to end


def begin(folder: Path | None, port: int) -> Running:
    """Start one, unless one runs already. Raises EngineUnavailable, with the broker's own words."""
    if found := status():
        return found
    log = _state().with_suffix(".log")
    command = [sys.executable, "-m", "course_lib.engines.kafka.service", str(port), *([str(folder)] if folder else [])]
    with log.open("wb") as file:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=Path.home(), start_new_session=True
        )
    while child.poll() is None:
        if (found := status()) and found.pid == child.pid:
            return found
        time.sleep(_PAUSE)
    if found := status():  # somebody else was quicker
        return found
    said = log.read_text("utf-8", "replace").strip().splitlines()
    raise EngineUnavailable("the Kafka broker", said[-1] if said else f"It ended with code {child.returncode}.")


def end() -> Running | None:
    """End it and wait until it has ended; what ran, or None. Raises EngineUnavailable where it does not end."""
    found = status()
    if found is None:
        return None
    for number in (signal.SIGTERM, signal.SIGKILL):  # who does not listen is killed, and its keeper ends the broker
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        until = time.monotonic() + PATIENCE + 10
        while time.monotonic() < until:
            if not _is_held():
                return found
            time.sleep(_PAUSE)
    raise EngineUnavailable("an end of the Kafka broker", f"Process {found.pid} goes on, although it was killed.")


def main(arguments: list[str]) -> int:
    """The program: 0 when it was told to end, 1 when there is no broker to keep."""
    from course_lib.engines.kafka.broker import start

    port, *folder = arguments
    with _lock().open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another one runs already.")
            return 1
        _state().unlink(missing_ok=True)  # of one that was killed
        over: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: over.append(number))
        try:
            with start(folder[0] if folder else None, int(port)) as broker:
                told = Running(os.getpid(), broker.bootstrap, broker.version, str(broker.data))
                beside = _state().with_suffix(".new")
                beside.write_text(json.dumps(told._asdict()), "utf-8")
                os.replace(beside, _state())
                while broker.running and not over:
                    time.sleep(_PAUSE)
                return int(not over)
        except CourseError as error:
            print(one_line(error))
            return 1
        finally:
            _state().unlink(missing_ok=True)


def _state() -> Path:
    return engines_root() / "kafka.json"


def _lock() -> Path:
    return engines_root() / ".kafka-service.lock"


def _is_held() -> bool:
    """Whether a program that keeps a broker lives."""
    with _lock().open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
