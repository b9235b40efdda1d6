"""Where do rows go so that twice is once, and the checkpoint never disagrees with them?

A SQLite file holds rows by key, dead letters by where they came from, and the checkpoint. One transaction changes all
three, so a reader of the checkpoint can trust it: whatever is before it is in the file, and a kill at any moment leaves
the file as it was before or after a batch. Rows that come again replace themselves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from course_lib.ingestion.dead_letters import DeadLetter

_TABLES = """
CREATE TABLE IF NOT EXISTS rows (key INTEGER PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dead (
    source TEXT, place TEXT, reason TEXT NOT NULL, payload BLOB, PRIMARY KEY (source, place)
);
CREATE TABLE IF NOT EXISTS checkpoints (source TEXT PRIMARY KEY, checkpoint TEXT NOT NULL);
"""


class Sink:
    """Rows, dead letters and checkpoints in the SQLite file `path`; rows are JSON objects."""

    def __init__(self, path: Path | str):
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript(_TABLES)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def write(
        self,
        source: str,
        checkpoint: Any,
        rows: Mapping[int, Mapping[str, Any]] | None = None,
        dead: Iterable[DeadLetter] = (),
    ) -> None:
        """Store rows by key, dead letters and the checkpoint of `source` (a JSON value): all of it or nothing."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                written = [(key, json.dumps(row)) for key, row in (rows or {}).items()]
                cursor.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", written)
                cursor.executemany("INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?)", list(dead))
                cursor.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", [source, json.dumps(checkpoint)])
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def checkpoint(self, source: str) -> Any:
        """The last checkpoint of `source`; None where there is none."""
        query = "SELECT checkpoint FROM checkpoints WHERE source = ?"
        found = self._connection.execute(query, [source]).fetchone()
        return None if found is None else json.loads(found[0])

    def rows(self) -> dict[int, dict[str, Any]]:
        """All rows by key, in the order of the keys."""
        query = "SELECT key, row FROM rows ORDER BY key"
        return {key: json.loads(row) for key, row in self._connection.execute(query)}

    def dead(self) -> list[DeadLetter]:
        """All dead letters, by source and place."""
        query = "SELECT source, place, reason, payload FROM dead ORDER BY source, place"
        return [DeadLetter(*row) for row in self._connection.execute(query)]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
