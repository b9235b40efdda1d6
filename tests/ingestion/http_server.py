"""What does a publisher's server do on a bad day?

A web server on loopback that serves one file with ranges and validators, and for each request may be told to
misbehave: `server.get` and `server.head` hold the answers to come, in order; after them it behaves.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One request's treatment; the defaults behave."""

    status: int | None = None  # instead of the file, with `body`
    headers: dict[str, str] = field(default_factory=dict)  # added, or replaced
    body: bytes = b""
    cut: int | None = None  # close the connection after so many bytes of the body
    hang: bool = False  # after `cut` bytes say nothing more, until `server.release` is set or the server closes
    shift: int = 0  # give a range that begins so many bytes after the one asked for
    ranges: bool = True  # False: give the whole file whatever was asked
    if_range: bool = True  # False: give the range even when the file has changed
    etag: str | None = None  # another one than the digest of the file; "" for none
    modified: str = ""  # Last-Modified
    length: bool = True  # False: do not say how long the body is
    publish: bytes | None = None  # the publisher replaces the file before this request


@dataclass(frozen=True)
class Asked:
    """A request that came, and the bytes of body that went out for it."""

    method: str
    path: str
    range: str | None
    if_range: str | None
    sent: int


class Server:
    """`content` is served under every path; `asked` says what came."""

    def __init__(self, content: bytes):
        self.content = content
        self.get: deque[Answer] = deque()
        self.head: deque[Answer] = deque()
        self.asked: list[Asked] = []
        self.hung = threading.Event()  # a client is being kept waiting
        self.release = threading.Event()
        self.base = ""

    def forget(self, content: bytes) -> None:
        """As new, with this content."""
        self.content = content
        self.get.clear()
        self.head.clear()
        self.asked.clear()
        self.hung.clear()
        self.release.clear()

    @property
    def sent(self) -> int:
        """Bytes of body that went out in all."""
        return sum(asked.sent for asked in self.asked)

    @property
    def gets(self) -> list[Asked]:
        """The requests for the file itself."""
        return [asked for asked in self.asked if asked.method == "GET"]


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """A server of `content` on a free port of loopback, until the block ends."""
    server = Server(content)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None: ...

        def do_HEAD(self) -> None:
            _answer(self, server, server.head.popleft() if server.head else Answer())

        def do_GET(self) -> None:
            _answer(self, server, server.get.popleft() if server.get else Answer())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.handle_error = lambda *args: None  # type: ignore[method-assign]  # clients that hang up are expected
        server.base = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            http.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, server: Server, told: Answer) -> None:
    if told.publish is not None:
        server.content = told.publish
    content = server.content
    etag = f'"{hashlib.md5(content).hexdigest()}"' if told.etag is None else told.etag  # noqa: S324
    headers = {"ETag": etag, "Last-Modified": told.modified, "Accept-Ranges": "bytes"}
    status, body = 200, content
    wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    valid = request.headers.get("If-Range") in (None, etag, told.modified or None) or not told.if_range
    if told.status is not None:
        status, body, headers = told.status, told.body, {}
    elif wanted and told.ranges and valid:
        first = int(wanted[1]) + told.shift
        if first >= len(content):
            status, body = 416, b""
            headers["Content-Range"] = f"bytes */{len(content)}"
        else:
            status, body = 206, content[first:]
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
    if told.length:
        headers["Content-Length"] = str(len(body))
    headers.update(told.headers)
    sent = b"" if request.command == "HEAD" else body[: told.cut]
    server.asked.append(
        Asked(request.command, request.path, request.headers.get("Range"), request.headers.get("If-Range"), len(sent))
    )
    request.send_response(status)
    for name, value in headers.items():
        if value:
            request.send_header(name, value)
    request.end_headers()
    request.wfile.write(sent)
    request.wfile.flush()
    if told.hang:
        server.hung.set()
        server.release.wait()
    if told.cut is not None or not told.length:
        request.close_connection = True
