"""How does a function of an adapter run in the engine's own Python?

    python child.py REQUEST.json

This file is the other side of running.py: the standard library only, because the engine's environment holds nothing of
the course. It loads the adapter, calls the functions that the request names, one after the other, and writes what came
of it, so that an adapter is plain functions and knows nothing of this.

Standard input is a lifeline: it ends when the one who called is gone, however that came about, and then every process
of this call ends too.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MARK = "COURSE_ENGINE_CALL"  # in the environment of every process of a call


def main(request: Path) -> int:
    """Do what the request says; 0 when the function returned, 1 when it raised."""
    told = json.loads(request.read_text("utf-8"))
    _hold_the_lifeline()
    answer: dict[str, Any] = {"values": [], "seconds": []}
    try:
        module = importlib.import_module("adapter")
        for name, given in told["calls"]:
            function = getattr(module, name)
            arguments = typed(function, given, told["meeting"])
            begin = time.perf_counter()
            answer["values"].append(function(**arguments))
            answer["seconds"].append(time.perf_counter() - begin)
        answer["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
        text = json.dumps(answer)
    except BaseException as error:
        traceback.print_exc()
        kind = type(error)
        answer["error"] = {"kind": f"{kind.__module__}.{kind.__qualname__}", "why": str(error)}
        text = json.dumps(answer, default=repr)
    beside = Path(f"{told['result']}.tmp")
    beside.write_text(text, "utf-8")
    os.replace(beside, told["result"])
    return int("error" in answer)


def typed(function: Callable[..., Any], arguments: Mapping[str, Any], meeting: str | None) -> dict[str, Any]:
    """The arguments as the function's signature wants them: a Path where it says so.

    A parameter called `before_commit` gets a function that waits until everybody who meets there has arrived; without
    such a meeting, one that does nothing.
    """
    wanted = inspect.signature(function).parameters
    given = {
        name: Path(value) if value is not None and "Path" in str(wanted[name].annotation) else value
        for name, value in arguments.items()
        if name in wanted or wanted[name]  # KeyError names an argument that the function does not have
    }
    if "before_commit" in wanted:
        given["before_commit"] = (lambda: meet(Path(meeting))) if meeting else (lambda: None)
    return given


def meet(folder: Path, patience: float = 120.0) -> None:
    """Return when `folder` holds as many names as its own name asks for: `.../meeting-2`."""
    (folder / str(os.getpid())).touch()
    until = time.monotonic() + patience
    while len(list(folder.iterdir())) < int(folder.name.rpartition("-")[2]):
        if time.monotonic() > until:
            raise TimeoutError(f"nobody else came to {folder} within {patience:.0f} s")
        time.sleep(0.005)


def _hold_the_lifeline() -> None:
    """End every process of this call when the caller is gone; nobody else shall read or hold the lifeline."""
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(line, 1):
                pass
        for pid in marked(os.environ.get(MARK, "")):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="lifeline").start()


def marked(mark: str) -> list[int]:
    """The other processes of the call with that mark, also those that left its group; Linux only."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
