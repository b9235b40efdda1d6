"""Who answers Tecton's client where there is no account?

A key-value server of ours: it keeps the last row that was put under a key, and gives it back when the client asks for
that key. It compares no times and computes nothing. What it keeps lies in a SQLite file, so that it outlives the
process; it answers on loopback, over plain HTTP, with a key of its own that it wants to be shown.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, NamedTuple

GET_FEATURES = "/api/v1/feature-service/get-features"


class Listener(ThreadingHTTPServer):
    """A server that does not ask the network what its own address is called."""

    def server_bind(self) -> None:
        """Listen."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


class Address(NamedTuple):
    """By which a client reaches the server."""

    url: str
    api_key: str


@contextlib.contextmanager
def _base(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, body TEXT)")
        base.execute("CREATE TABLE IF NOT EXISTS calls (call TEXT PRIMARY KEY)")
        yield base


def put(path: Path, key: str, rows: Iterable[dict[str, Any]]) -> None:
    """Keep rows under their values of the column `key`, each in place of the one before it."""
    with _base(path) as base:
        base.executemany("REPLACE INTO rows VALUES (?, ?)", ((str(row[key]), json.dumps(row)) for row in rows))


def get(path: Path, key: str) -> dict[str, Any]:
    """The row that was put under `key` last, as it came; nothing where there was none."""
    with _base(path) as base:
        found = base.execute("SELECT body FROM rows WHERE key = ?", (key,)).fetchone()
    return dict(json.loads(found[0])) if found else {}


def calls(path: Path) -> list[str]:
    """The calls that were answered, each once."""
    with _base(path) as base:
        return [call for (call,) in base.execute("SELECT call FROM calls ORDER BY call")]


@contextlib.contextmanager
def serving(path: Path, service: str, key: str, features: Sequence[tuple[str, str]]) -> Iterator[Address]:
    """Answer for one feature service until the block ends.

    path      what `put` keeps
    key       the name of its join key
    features  (column, type) of what it serves, in order
    """
    shown = secrets.token_hex(16)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Give back the row of the key asked for."""
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, told = self.answer(raw)
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer(self, raw: bytes) -> tuple[int, dict[str, Any]]:
            """Status and body."""
            given = self.headers.get("authorization") or ""
            if not hmac.compare_digest(given.encode(), f"Tecton-key {shown}".encode()):
                return 401, {"code": 16, "message": "this is not the API key"}
            if self.path != GET_FEATURES:
                return 404, {"code": 5, "message": f"{self.path} is no call that this contract server knows"}
            try:
                asked = json.loads(raw)["params"]
                if asked["featureServiceName"] != service:
                    return 404, {"code": 5, "message": f"no feature service is called {asked['featureServiceName']}"}
                row = get(path, asked["joinKeyMap"][key])
            except (KeyError, TypeError, ValueError) as error:
                return 400, {"code": 3, "message": repr(error)}
            with _base(path) as base:
                base.execute("INSERT OR IGNORE INTO calls VALUES (?)", (f"POST {GET_FEATURES.lstrip('/')}",))
            named = [{"name": f"{service}.{name}", "dataType": {"type": kind}} for name, kind in features]
            values = [_told(row.get(name), kind) for name, kind in features]
            return 200, {"result": {"features": values}, "metadata": {"features": named}}

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = Listener(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Address(f"http://127.0.0.1:{server.server_address[1]}", shown)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _told(value: Any, kind: str) -> Any:
    """A value as JSON carries it: whole numbers of 64 bits as text, because most languages read a double."""
    return str(value) if kind == "int64" and value is not None else value
