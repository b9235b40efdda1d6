"""Where does Prefect keep a run's record, and who serves it?

A flow reports to an API, and the API writes to a database. Here both belong to the run: a server process of its own,
on loopback, with `prefect.db` in the run's folder. Nothing is written elsewhere, and nobody is phoned.

    with PrefectServer(out / ".prefect") as server:   # returns at once; the server starts in the background
        files = discover(inputs)
        server.wait()                                 # imports Prefect meanwhile, then waits for the rest
        pipeline(files)

The server starts from an empty database that was migrated at install (ten seconds and more that no run should pay),
on a socket that is open before the process is (so its address is known at once and no port is raced for), and it ends
with its parent, however that ends. `prefect_child.py` is its program.
"""

from __future__ import annotations

import http.client
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO

from course_lib.errors import OutputUnwritable, StepFailed
from course_lib.flows import prefect_child
from course_lib.storage.atomic import unwritable

STARTUP = 600.0  # seconds; 5 is usual, 100 was seen with ten programs to a core. A server that dies is told at once
_LOCKED = 30.0  # seconds for what the server of a killed run still stores

# What the server would otherwise do in the background: none of it serves a run that starts now and ends soon.
_IDLE = (
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "DB_VACUUM",
    "EVENT_LOGGER",
    "EVENT_PERSISTER",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "SCHEDULER",
    "TRIGGERS",
)


_NOT_FOR_LOOPBACK = ("http_proxy", "https_proxy", "all_proxy")


def template_path() -> Path:
    """Where `make` puts the migrated, empty database of the installed Prefect."""
    return Path(sys.prefix) / "share" / "course" / f"prefect-{version('prefect')}.db"


def run_environment(home: Path, url: str, *, log_level: str = "CRITICAL") -> dict[str, str]:
    """The environment in which Prefect uses the API at `url` and the folder `home`, and nothing else.

    It is this process's environment without its Prefect settings: someone who also works with Prefect Cloud or a
    server of their own must not find this run there. `log_level` is that of Prefect's own messages; the course
    reports progress and errors itself, without tracebacks.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and name.lower() not in _NOT_FOR_LOOPBACK and name != "PYTHONWARNINGS"
    }  # a library's warning must not become the error of a server or a worker
    for name in ("NO_PROXY", "no_proxy"):  # a proxy may be set elsewhere than in the environment
        listed = [host for host in environment.get(name, "").split(",") if host]
        environment[name] = ",".join(dict.fromkeys([*listed, "127.0.0.1", "localhost"]))
    return environment | {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_API_REQUEST_TIMEOUT": "120",  # seconds: the server is near, but the machine may be busy
        "PREFECT_CLIENT_MAX_RETRIES": "2",  # a server that is gone will not come back
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # never a second server behind our back
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_LOGGING_LEVEL": log_level,
        "PREFECT_INTERNAL_LOGGING_LEVEL": log_level,
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def _server_environment(home: Path, url: str) -> dict[str, str]:
    idle = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _IDLE}
    own = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{prefect_child.DATABASE}",
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
    return run_environment(home, url, log_level="WARNING") | idle | own


class PrefectServer:
    """Prefect's API over the database in the folder `home`, from `start` to `stop`; `url` is its address.

    `start` also turns this process's environment to the server, and `stop` turns it back. One at a time per process
    and per home.
    """

    def __init__(self, home: Path, *, log_level: str = "CRITICAL"):
        self.home = home.resolve()
        self.log_level = log_level
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[str, str | None] = {}
        self._settings = ExitStack()

    def __enter__(self) -> PrefectServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server and return its address at once; requests to it wait until it answers."""
        prefect_child.leave_out_iri_grammars()
        self._stop_where_another_writes()
        with socket.create_server(("127.0.0.1", 0)) as listener, self._log() as log:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
            program = [sys.executable, "-P", prefect_child.__file__]
            self._process = subprocess.Popen(
                [*program, "serve", str(listener.fileno()), str(os.getpid()), str(template_path())],
                cwd=self.home,
                env=_server_environment(self.home, self.url),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[listener.fileno()],
                process_group=0,  # Ctrl-C is for the flow, which then still has someone to tell
            )
        wanted = run_environment(self.home, self.url, log_level=self.log_level)
        names = [name for name in os.environ.keys() | wanted.keys() if os.environ.get(name) != wanted.get(name)]
        self._before = {name: os.environ.get(name) for name in names}
        _change_environment({name: wanted.get(name) for name in names})
        # Prefect reads the environment once, when it is imported. `stop` does not have it read again, because that
        # would make a ~/.prefect: until the next `start`, Prefect stays turned to a server that is gone.
        context = sys.modules.get("prefect.context")
        if context is not None:
            context.refresh_global_settings_context()
        return self.url

    def _stop_where_another_writes(self) -> None:
        """Raise OutputUnwritable where a program holds the database: the server would wait for it without a word."""
        database = self.home / prefect_child.DATABASE
        if not database.exists():
            return
        try:
            with closing(sqlite3.connect(database, timeout=_LOCKED)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                remedy = "Close what has it open, then run the same command again."
                raise OutputUnwritable(database, "is written by another program", remedy) from error
        except sqlite3.DatabaseError:
            pass  # a damaged one steps aside (prefect_child.prepare)

    def _log(self) -> IO[bytes]:
        path = self.home / "server.log"
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            return path.open("ab")
        except OSError as error:
            raise unwritable(path, error) from error

    def wait(self, seconds: float = STARTUP) -> None:
        """Import Prefect, and return when the server answers; StepFailed if it does not within `seconds`."""
        if self._process is None:
            raise StepFailed("prefect server", "it was not started")
        import prefect.flow_engine  # noqa: F401  (what a flow imports when it is called, while the server starts)
        from prefect.events.clients import PrefectEventsClient
        from prefect.events.worker import EventsWorker
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        self._answer(seconds)
        _close_the_abandoned()
        logging.getLogger("EventsWorker").setLevel(self.log_level)  # one of Prefect's that its own settings miss
        # Heartbeats tell a distant server that a flow is alive; ending theirs costs a flow up to a second.
        self._settings.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
        # The same for the states of tasks: calling a server that is gone ten times for each would hold up the end.
        EventsWorker.set_client_override(PrefectEventsClient, api_url=self.url, reconnection_attempts=1)
        self._settings.callback(EventsWorker.set_client_override, None)

    def _answer(self, seconds: float) -> None:
        connection = http.client.HTTPConnection(self.url.split("/")[2], timeout=seconds)
        try:
            connection.request("GET", "/api/health")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise StepFailed("prefect server", f"it does not answer ({error}); {self._last_words()}") from error
        finally:
            connection.close()
        if status != 200:
            raise StepFailed("prefect server", f"it answers {status}; {self._last_words()}")

    def _last_words(self) -> str:
        path = self.home / "server.log"
        lines = path.read_text(errors="replace").split("\n") if path.exists() else []
        said = [line.strip() for line in lines if line.strip()]
        return f"{path} ends with {said[-1]!r}" if said else f"{path} is empty"

    def stop(self) -> None:
        """Send what Prefect still holds, let the server store it, end the server, turn the environment back."""
        if self._process is None:
            return
        process, self._process = self._process, None
        try:
            _send_what_is_held(process)
        finally:
            self._settings.close()
            _change_environment(self._before)
            _end(process)
            prefect_child.settle(self.home / prefect_child.DATABASE)


@contextmanager
def prefect_server(home: Path, *, log_level: str = "CRITICAL") -> Iterator[str]:
    """The address of a Prefect API over `home`/prefect.db that answers, with this process turned to it."""
    with PrefectServer(home, log_level=log_level) as server:
        server.wait()
        yield server.url


def _change_environment(values: dict[str, str | None]) -> None:
    """Set the variables in `values`, remove those that are None."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _close_the_abandoned() -> None:
    """Record as crashed what a kill left unfinished: nobody else can, and a resumed run is a run of its own."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import TERMINAL_STATES, State, StateType
    from prefect.states import Crashed

    unfinished = [state for state in StateType if state not in TERMINAL_STATES]
    tasks = filters.TaskRunFilter(
        state=filters.TaskRunFilterState(type=filters.TaskRunFilterStateType(any_=unfinished))
    )
    flows = filters.FlowRunFilter(
        state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=unfinished))
    )
    end: State[None] = Crashed(message="Its process ended before it did.")
    with get_client(sync_client=True) as client:
        for task in client.read_task_runs(task_run_filter=tasks):
            client.set_task_run_state(task.id, end, force=True)
        for run in client.read_flow_runs(flow_run_filter=flows):
            client.set_flow_run_state(run.id, end, force=True)


def _send_what_is_held(server: subprocess.Popen[bytes]) -> None:
    """Task states travel to the server in the background; wait until the last has left, or nobody can take it."""
    worker = sys.modules.get("prefect.events.worker")
    if worker is None:
        return
    _, waiting = worker.EventsWorker.drain_all(timeout=0)
    deadline = time.monotonic() + prefect_child.PATIENCE
    while waiting and server.poll() is None and time.monotonic() < deadline:
        _, waiting = futures.wait(waiting, timeout=0.5)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()  # the server takes the end of its input as its own
    try:
        process.wait(timeout=2 * prefect_child.PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
