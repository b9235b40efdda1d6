"""What does a trip service do on an ordinary bad day?

An HTTP service of the course's own, on a free port of loopback, that serves trips in pages and misbehaves as told: it
limits its callers (429 with Retry-After), fails at random (500 and 503, drawn from a seed), answers slowly, and goes on
taking in trips while somebody pages through them. It counts what it did, so a lesson can show the price of a client.

    GET /trips?cursor=C&limit=N     the next N trips after the cursor, oldest change first, and the cursor after them
    GET /trips?offset=K&limit=N     N trips from place K on, newest change first: the interface to avoid

A trip is a JSON object that has at least `trip_id` (int) and `updated_at` (int, seconds). A cursor is opaque: it says
"after this change", not "at this place", so rows that arrive do not shift it.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import json
import math
import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from course_lib.ingestion import token_bucket
from course_lib.ingestion.clock import VirtualClock

Trip = Mapping[str, Any]
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Temper:
    """How the service misbehaves; the defaults behave."""

    rate: int = 0  # requests a second that are let through; 0 for no limit
    burst: int = 5  # requests that may come at once
    errors: float = 0.0  # share of the other requests that end in 500 or 503
    slow: float = 0.0  # share of answers that take `pause` seconds
    pause: float = 5.0
    arrivals: int = 0  # trips that come in after each page that was served
    seed: int = 7


class LocalApi:
    """A trip service of this process, from `start` to `stop`.

    trips     what it has at first
    backlog   what comes in later, `temper.arrivals` after each page; a trip with a known id replaces that trip
    clock     the time that the rate limit and slow answers go by; nobody waits for real
    """

    def __init__(
        self,
        trips: Iterable[Trip],
        backlog: Iterable[Trip] = (),
        temper: Temper | None = None,
        clock: VirtualClock | None = None,
    ):
        self.temper, self.clock = temper or Temper(), clock or VirtualClock()
        self.counts: Counter[str] = Counter()  # requests, bytes, and answers by status
        self._trips = {trip["trip_id"]: trip for trip in trips}
        self._order: list[tuple[int, int]] = sorted((trip["updated_at"], key) for key, trip in self._trips.items())
        self._backlog = iter(backlog)
        self._dice = random.Random(self.temper.seed)
        self._bucket = token_bucket.full(self.temper.burst, self._ms())
        self._lock = threading.Lock()
        self._http: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> LocalApi:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> LocalApi:
        """Serve on a free port of loopback."""
        if self._http is not None:
            return self
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args: object) -> None: ...

            def do_GET(self) -> None:
                status, headers, body = service.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *args: None  # type: ignore[method-assign]  # a client that hangs up
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    @property
    def url(self) -> str:
        """The address, without a path."""
        if self._http is None:
            raise RuntimeError("the trip service is not started: call start() first")
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def trips(self) -> dict[int, Trip]:
        """All trips the service has now, by id."""
        with self._lock:
            return dict(self._trips)

    def take_in(self, trips: Iterable[Trip]) -> None:
        """New trips, or new versions of known ones."""
        with self._lock:
            self._take_in(trips)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a GET of `path`; no socket is needed to ask."""
        with self._lock:
            status, headers, told = self._answer(path)
            body = json.dumps(told, separators=(",", ":")).encode()
            self.counts["requests"] += 1
            self.counts["bytes"] += len(body)
            self.counts[str(status)] += 1
            return status, {"Content-Type": "application/json", **headers}, body

    def stop(self) -> None:
        """End the service; safe to call twice."""
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()
        self._http = self._thread = None

    def _answer(self, path: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        temper = self.temper
        if temper.rate:
            self._bucket, wait = token_bucket.take(self._bucket, self._ms(), temper.rate, temper.burst)
            if wait:
                seconds = math.ceil(wait / 1000)  # Retry-After has whole seconds (RFC 9110, 10.2.3)
                return 429, {"Retry-After": str(seconds)}, {"error": f"too many requests; wait {seconds} s"}
        if self._dice.random() < temper.errors:
            return self._dice.choice([500, 503]), {}, {"error": "something broke; it may work the next time"}
        if self._dice.random() < temper.slow:
            self.clock.sleep(temper.pause)
        parts = urlsplit(path)
        if parts.path != "/trips":
            return 404, {}, {"error": f"there is no {parts.path}; ask for /trips"}
        try:
            return 200, {}, self._page({name: values[-1] for name, values in parse_qs(parts.query).items()})
        except (ValueError, binascii.Error) as error:
            return 400, {}, {"error": str(error)}

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        limit = min(int(asked.get("limit", "100")), LARGEST_PAGE)
        if limit < 1:
            raise ValueError(f"a page of {limit} trips was asked for: ask for 1 to {LARGEST_PAGE}")
        if "offset" in asked:
            first = int(asked["offset"])
            places = self._order[::-1][first : first + limit]
            found: dict[str, Any] = {"trips": [self._trips[key] for _, key in places], "total": len(self._order)}
        else:
            after = _read_cursor(asked["cursor"]) if asked.get("cursor") else (-(2**62), 0)
            first = bisect.bisect_right(self._order, after)
            places = self._order[first : first + limit]
            cursor = write_cursor(*places[-1]) if places else asked.get("cursor", "")
            more = first + limit < len(self._order)
            found = {"trips": [self._trips[key] for _, key in places], "cursor": cursor, "more": more}
        self._take_in(trip for _, trip in zip(range(self.temper.arrivals), self._backlog, strict=False))
        return found

    def _take_in(self, trips: Iterable[Trip]) -> None:
        for trip in trips:
            known = self._trips.get(trip["trip_id"])
            if known is not None:
                del self._order[bisect.bisect_left(self._order, (known["updated_at"], trip["trip_id"]))]
            self._trips[trip["trip_id"]] = trip
            bisect.insort(self._order, (trip["updated_at"], trip["trip_id"]))

    def _ms(self) -> int:
        return int(self.clock.now() * 1000)


def write_cursor(updated_at: int, trip_id: int) -> str:
    """The cursor after a change; opaque, so that nobody computes with it."""
    return base64.urlsafe_b64encode(f"{updated_at}/{trip_id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, int]:
    try:
        at, _, key = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition("/")
        return int(at), int(key)
    except ValueError as error:
        raise ValueError(f"{cursor!r} is not a cursor of this service: pass the one of the last page") from error
