"""What was the contract server given?

Descriptions of feature groups and views under a number, rows of the online store under their primary key, and which
calls were answered. All of it lies in a SQLite file below the run's folder, so that it outlives the process.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

NO_GROUP, NO_VIEW = 270009, 270181  # the client takes these error codes of a 404 for "there is none yet"


class Refused(Exception):
    """An answer that is no success: status, the server's error code, and why."""

    def __init__(self, status: int, code: int, why: str):
        super().__init__(why)
        self.status, self.code = status, code


class Kept:
    """Everything that was given to the server, in a file."""

    def __init__(self, path: Path):
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for table in (
            "things (kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (kind, id))",
            "rows (feature_group INTEGER, key TEXT, body TEXT, PRIMARY KEY (feature_group, key))",
            "calls (call TEXT PRIMARY KEY, times INTEGER)",
        ):
            self._base.execute(f"CREATE TABLE IF NOT EXISTS {table}")

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._base.execute(statement, values).fetchall()

    def put(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a new thing under the next number of its kind, which becomes its `id`."""
        with self._lock:
            [[last]] = self._ask("SELECT coalesce(max(id), 0) FROM things WHERE kind = ?", kind)
            body = body | {"id": last + 1}
            self._ask("INSERT INTO things VALUES (?, ?, ?)", kind, last + 1, json.dumps(body))
        return body

    def change(self, kind: str, body: dict[str, Any]) -> None:
        """Keep a thing anew, under its own `id`."""
        self._ask("UPDATE things SET body = ? WHERE kind = ? AND id = ?", json.dumps(body), kind, body["id"])

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Everything of a kind, in the order in which it came."""
        return [json.loads(body) for (body,) in self._ask("SELECT body FROM things WHERE kind = ? ORDER BY id", kind)]

    def get(self, kind: str, number: int | str, code: int = NO_GROUP) -> dict[str, Any]:
        """One thing by its number. Raises Refused (404)."""
        found = [one for one in self.all(kind) if one["id"] == int(number)]
        if not found:
            raise Refused(404, code, f"no {kind} has the number {number}")
        return found[0]

    def put_row(self, group: int, key: dict[str, Any], row: dict[str, Any]) -> None:
        """Keep a row online; it takes the place of the one with the same key."""
        self._ask("REPLACE INTO rows VALUES (?, ?, ?)", group, _key(key), json.dumps(row))

    def row(self, group: int, key: dict[str, Any]) -> dict[str, Any] | None:
        """The row that is online under `key`, as it came."""
        found = self._ask("SELECT body FROM rows WHERE feature_group = ? AND key = ?", group, _key(key))
        return json.loads(found[0][0]) if found else None

    def note(self, call: str) -> None:
        """Count a call that was answered."""
        self._ask("INSERT INTO calls VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1", call)

    def calls(self) -> list[str]:
        """The calls that were answered, each once, sorted."""
        return [call for (call,) in self._ask("SELECT call FROM calls ORDER BY call")]


def _key(key: dict[str, Any]) -> str:
    return json.dumps(sorted(key.items()))
