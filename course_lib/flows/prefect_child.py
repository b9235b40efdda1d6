"""How does Prefect's API serve one run, and die with it?

A program that `server.py` starts, and that `make` calls once to prepare the empty database. It imports nothing
of the course, so that its path and an environment with Prefect are enough to run it:

    prefect_child.py template FILE              make FILE, an empty and migrated Prefect database
    prefect_child.py serve FD PARENT TEMPLATE   the API on the listening socket FD, until standard input ends or the
                                                process PARENT is gone; a new database is a copy of TEMPLATE

The working folder of `serve` is the Prefect home. The database is `prefect.db` there and is named relative to it,
so the folder may have any name. Settings come from the environment that `server.run_environment` makes.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

DATABASE = Path("prefect.db")
PATIENCE = 60.0  # seconds for what was received to reach the database; far more than a loaded machine needs


def leave_out_iri_grammars() -> None:
    """Make every import of Prefect that comes after this call cost half as much.

    jsonschema imports `rfc3987_syntax` for the one check of the format of IRIs, and building its 38 grammars takes
    longer than all the rest of Prefect. None in sys.modules means "not installed"; jsonschema then goes without.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def template(file: Path) -> None:
    """Make the migrated, empty database `file`, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.chdir(file.parent)
    beside = Path(f".tmp-{os.getpid()}-{file.name}")
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ |= {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(file.parent),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{beside}",
    }
    try:
        asyncio.run(_migrate())
        settle(beside)
        os.replace(beside, file.name)
    finally:
        for ending in ("", "-wal", "-shm"):
            Path(f"{beside}{ending}").unlink(missing_ok=True)


async def _migrate() -> None:
    from prefect.server.database import provide_database_interface

    database = provide_database_interface()
    await database.create_db()
    await (await database.engine()).dispose()


def settle(database: Path) -> None:
    """Move everything from the write-ahead log into the file, so that the one file is the whole database."""
    with closing(sqlite3.connect(database, timeout=5)) as connection, suppress(sqlite3.OperationalError):
        # Refused while someone reads: then the log stays beside the file, and stays valid.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def prepare(original: Path) -> None:
    """See that the database is there and of this version of Prefect.

    One of another version, or a damaged one, steps aside under a name that says so: a run's tables do not depend on
    it. Without `original` (installed by other means than `make`) it is made where it belongs, so that the next run
    is quick, or else here, at the price of one migration.
    """
    if not original.exists():
        home = Path.cwd()
        for place in (original, home / DATABASE):
            if place.exists():
                return
            made = subprocess.run([sys.executable, "-P", __file__, "template", place], check=False)
            if made.returncode == 0:
                break
    if not original.exists():
        return
    wanted, found = _revision(original), _revision(DATABASE)
    if found == wanted:
        return
    if DATABASE.exists():
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{DATABASE}{ending}", f"prefect-{found or 'damaged'}.db{ending}")
    beside = Path(f".tmp-{os.getpid()}-{DATABASE}")
    shutil.copyfile(original, beside)
    os.replace(beside, DATABASE)


def _revision(database: Path) -> str | None:
    """The migration that `database` has reached; None where there is no sound database."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    return str(row[0]) if row else None


class Watch:
    """Ends this process with its parent, or when the parent asks, and not before all that was received is stored.

    Task runs reach the database as events: client, websocket, queue in memory, recorder. Leaving earlier would lose
    the last states of a run now and then. When all is stored there is nothing to wind down: SQLite survives any end.
    """

    def __init__(self, parent: int):
        self.parent = parent
        self.server: uvicorn.Server | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        self._until_the_end()
        if self.server is None or not self.server.started:
            os.killpg(0, signal.SIGKILL)  # nothing was served yet; this takes a migration with it
        deadline = time.monotonic() + PATIENCE
        while not self._all_stored():
            if time.monotonic() > deadline:
                os._exit(1)
            time.sleep(0.02)
        os._exit(0)

    def _until_the_end(self) -> None:
        """Return when standard input ends or `parent` is no longer our parent.

        The pipe tells at once, but a process that the parent forked may hold its other end open: hence the second
        look, every second.
        """
        while os.getppid() == self.parent:
            readable, _, _ = select.select([0], [], [], 1.0)
            if readable and not os.read(0, 1):
                return

    def _all_stored(self) -> bool:
        from prefect.server.utilities.messaging.memory import METRICS

        assert self.server is not None
        events = METRICS["events"]
        return not self.server.server_state.tasks and events["consumed"] >= events["published"]


def serve(listener: socket.socket, watch: Watch) -> None:
    """Serve the API on `listener` until `watch` ends the process."""
    gc.disable()  # importing makes a million objects that all stay; looking through them again and again costs a fifth
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(
        create_app(ephemeral=True), log_level="error", access_log=False, lifespan="on", timeout_keep_alive=60
    )
    gc.freeze()
    gc.enable()
    watch.server = uvicorn.Server(config)
    watch.server.run(sockets=[listener])


def main(arguments: list[str]) -> None:
    """Do what the command line asks."""
    leave_out_iri_grammars()
    match arguments:
        case ["template", file]:
            template(Path(file).resolve())
        case ["serve", fd, parent, original]:
            watch = Watch(int(parent))
            prepare(Path(original))
            serve(socket.socket(fileno=int(fd)), watch)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
