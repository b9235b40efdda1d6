"""How far is a job of Flink's, and where does the next one go on?

A job tells how far it is over HTTP, where Flink's own web page asks for it, too. What the next one needs lies in files.
"""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def watermark(job: str) -> float:
    """How far the slowest part of the job at that address is [s since 1970]. Raises URLError where nobody answers."""

    def ask(path: str) -> Any:
        with urllib.request.urlopen(job + path, timeout=30) as answer:
            return json.load(answer)

    parts = [part["id"] for part in ask("")["vertices"]]
    return min((int(mark["value"]) / 1000 for one in parts for mark in ask(f"/vertices/{one}/watermarks")), default=0)


def uri(path: Path) -> str:
    """What Flink calls a file. Nothing in it is escaped: to Flink, %20 is three characters of a name."""
    return f"file://{path}"


def quoted(path: Path) -> str:
    """The same as a text of SQL."""
    return "'" + uri(path).replace("'", "''") + "'"


def stop(job: str, folder: Path) -> None:
    """Have the job end with a savepoint in `folder`: all that is written is committed, and no open window is told."""
    told = json.dumps({"targetDirectory": uri(folder), "drain": False}).encode()
    asked = urllib.request.Request(f"{job}/stop", told, {"Content-Type": "application/json"})
    urllib.request.urlopen(asked, timeout=30).close()


def newest_checkpoint(state: Path) -> Path | None:
    """The newest checkpoint or savepoint below `state`; one that is not complete has no _metadata yet."""
    found = [path.parent for path in state.rglob("_metadata")]
    return max(found, key=lambda path: (path / "_metadata").stat().st_mtime_ns, default=None)
