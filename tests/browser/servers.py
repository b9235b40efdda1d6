"""Servers as people start them, and what they leave behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.places import ROOT
from tests.processes import gone

FORGOTTEN = {"COURSE_WORKSPACE", "COURSE_CLASS", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"}


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen
    address: str  # http://127.0.0.1:PORT
    token: str

    def url(self, path: str) -> str:
        return f"{self.address}{path}{'&' if '?' in path else '?'}token={self.token}"

    def listening(self) -> set[str]:
        """The addresses that it and its children listen on."""
        us = psutil.Process(self.process.pid)
        until = time.monotonic() + 60
        found: set[str] = set()
        while not found and time.monotonic() < until:
            time.sleep(0.1)
            for one in [us, *us.children(recursive=True)]:
                found |= {c.laddr.ip for c in one.net_connections("tcp") if c.status == "LISTEN"}
        return found


@contextmanager
def serving(arguments: list[str], cwd: Path, home: Path) -> Iterator[Server]:
    """Start Python with `arguments`; when the block ends, stop it as people do, and see that nothing stays."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in FORGOTTEN} | {"HOME": str(home)}
    with (home / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=cwd,
            env=environment | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        assert process.stdout is not None
        seen = ""
        while line := process.stdout.readline():
            seen += line
            if found := re.search(r"(http://127\.0\.0\.1:\d+)\S*[?&]token=(\w+)", line):
                break
        else:
            raise AssertionError(f"it did not start: {seen}\n{(home / 'errors.txt').read_text()}")
        server = Server(process, found[1], found[2])
        assert server.listening(), "it says its address a moment before it listens there, but it never did"
        yield server
        ours = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, (home / "errors.txt").read_text()
        assert not [pid for pid in ours if not gone(pid)], "a process stays"
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)
