"""How is a function of an engine's adapter called?

In a process of its own, with the engine's own Python (child.py is its program):

    result = call(find("dask"), "zone_hour", folder, {"trips": trips, "answer": answer})

Arguments and result are JSON in files. Everything that the process writes stays below `folder`: its working folder is
`work/` there, home and temporary files are below it too. It talks to loopback alone, and phones nobody. When the call
is over, every process that came of it is ended, also when we are killed ourselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from course_lib.engines import child, environments, jars
from course_lib.engines.cache import engines_root
from course_lib.engines.java import java_home
from course_lib.engines.registry import ROOT, Engine
from course_lib.engines.watching import Watch, is_loopback
from course_lib.errors import EngineFailed, one_line

TIMEOUT = 600.0  # s

# Nobody is told that anything ran. Each tool has its own word for that.
QUIET = {
    "DO_NOT_TRACK": "1",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "ENABLE_HOPSWORKS_USAGE": "false",
    "FEAST_USAGE": "False",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "SCARF_ANALYTICS": "false",
}
# What a user set for work of their own must not reach an engine, which would then write or read there.
_THEIRS = (
    *("PYTHON", "VIRTUAL_ENV", "CONDA_", "PIP_", "XDG_", "AWS_", "JAVA_TOOL", "JDK_JAVA", "_JAVA"),
    *("PREFECT_", "AIRFLOW", "DAGSTER_", "DBT_", "FEAST_", "DASK_", "BEAM_", "RAY_", "HOPSWORKS_", "TECTON_"),
    *("SPARK_", "PYSPARK_", "HADOOP_", "HIVE_", "FLINK_", "KAFKA_"),
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


@dataclass(frozen=True)
class Result:
    """What a call came to, and what it took."""

    values: tuple[Any, ...]  # one a call
    seconds: tuple[float, ...]  # inside the function, one a call
    wall: float  # s of the whole process, with imports and whatever the engine starts
    peak_bytes: int  # of all its processes together
    listened: frozenset[tuple[str, int]]  # (ip, port), loopback all of them

    @property
    def value(self) -> Any:
        """What the last call returned."""
        return self.values[-1]


def call(
    engine: Engine,
    function: str,
    folder: Path,
    *arguments: Mapping[str, Any],
    timeout: float = TIMEOUT,
) -> Result:
    """Call a function of the adapter once for each of `arguments`, one after the other in one process; wait for it.

    Raises EngineUnavailable where the engine is not installed, EngineFailed where the function did not return.
    """
    return session(engine, folder, [(function, one) for one in arguments], timeout=timeout)


def session(
    engine: Engine, folder: Path, calls: Sequence[tuple[str, Mapping[str, Any]]], timeout: float = TIMEOUT
) -> Result:
    """Several functions of the adapter, each with its arguments, one after the other in one process."""
    with _started(engine, folder, calls) as running:
        return running.result(timeout)


def start(
    engine: Engine,
    function: str,
    folder: Path,
    *arguments: Mapping[str, Any],
    meeting: Path | None = None,
) -> Call:
    """Begin a call; leaving its `with` block, or `kill`, ends all its processes.

    meeting  a folder called `…-n`: n calls wait there for one another before they commit (child.meet)
    """
    return _started(engine, folder, [(function, one) for one in arguments], meeting)


def _started(
    engine: Engine, folder: Path, calls: Sequence[tuple[str, Mapping[str, Any]]], meeting: Path | None = None
) -> Call:
    python = environments.python_of(engine)
    space = folder.resolve()
    function = calls[0][0]
    place = space / "calls" / f"{function}-{secrets.token_hex(4)}"
    for name in ("work", "home", "tmp"):
        (space / name).mkdir(parents=True, exist_ok=True)
    place.mkdir(parents=True)
    mark = secrets.token_hex(16)
    request = {
        "calls": [[name, {key: _plain(value) for key, value in given.items()}] for name, given in calls],
        "result": str(place / "result.json"),
        "meeting": str(meeting) if meeting else None,
    }
    (place / "request.json").write_text(json.dumps(request), "utf-8")
    with (place / "log").open("wb") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [python, "-P", "-s", child.__file__, place / "request.json"],
            cwd=space / "work",
            env=environment(engine, python, space) | {child.MARK: mark},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Call(engine, function, place, process, Watch(process.pid, mark), begin)


class Call:
    """A function of an adapter that is running."""

    def __init__(
        self, engine: Engine, function: str, place: Path, process: subprocess.Popen[bytes], watch: Watch, begin: float
    ):
        self.engine, self.function, self.place = engine, function, place
        self._process, self._watch, self._begin = process, watch, begin

    def __enter__(self) -> Call:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the process that runs the function."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has yet to end."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, and everything it started, at once; safe to call twice."""
        with contextlib.suppress(OSError):
            if self.running:
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._watch.end()
        if self._process.stdin:
            self._process.stdin.close()

    def result(self, timeout: float = TIMEOUT) -> Result:
        """Wait for its end; what it returned. Raises EngineFailed."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self._failed("builtins.TimeoutError", f"it did not end within {timeout:.0f} s") from None
        wall = time.perf_counter() - self._begin
        self.kill()
        try:
            told = json.loads((self.place / "result.json").read_text("utf-8"))
        except (OSError, ValueError):
            raise self._failed("", f"it ended with code {code} and left no result") from None
        if "error" in told:
            raise self._failed(told["error"]["kind"], told["error"]["why"])
        listened = frozenset(self._watch.listened)
        if foreign := sorted(address for address in listened if not is_loopback(address[0])):
            raise self._failed("", f"it listened on {foreign}, where other machines can call")
        peak = self._watch.peak_bytes or told["peak_bytes"]  # it may have been over before anybody looked
        return Result(tuple(told["values"]), tuple(told["seconds"]), wall, peak, listened)

    def _failed(self, kind: str, why: str) -> EngineFailed:
        log = self.place / "log"
        if not kind:
            said = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
            why = f"{why}; its last words: {one_line(said[-1][:300])!r}" if said else why
        return EngineFailed(self.engine.name, self.function, kind, why, log)


def environment(engine: Engine, python: Path, space: Path) -> dict[str, str]:
    """The environment in which the engine finds its own, writes below `space`, and phones nobody."""
    # A user who names a service of theirs wants it used: its settings begin with the same word.
    wanted = tuple(f"{name.partition('_')[0]}_" for name in engine.account) if engine.has_account else ()
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(wanted) or (not name.upper().startswith(_THEIRS) and name.lower() not in _PROXIES)
    }
    # What orchestrators are given to run (steps.py) lies in the course; it needs the standard library only.
    paths = [engine.folder.resolve(), *([ROOT] if "orchestrate" in engine.kinds else [])]
    own = {
        "HOME": str(space / "home"),
        "TMPDIR": str(space / "tmp"),
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",  # the checkout stays clean; environments were compiled when they were made
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "ENGINE_CACHE": str(engines_root() / f"kept-{engine.name}"),
    }
    if engine.jars_lock is not None:
        own["ENGINE_JARS"] = str(jars.folder_of(engine))
    if "java" in engine.needs:
        own["JAVA_HOME"] = str(java_home())
    return kept | QUIET | own | dict(engine.environment)


def _plain(value: Any) -> Any:
    """A path as text: absolute, because the function runs elsewhere."""
    return str(value.absolute()) if isinstance(value, Path) else value
