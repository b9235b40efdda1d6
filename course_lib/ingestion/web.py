"""What does one web address answer, however often one must ask?

Everything that is not a usable answer becomes an error here: one that the next try may mend (`Again`) or one for
the person at the terminal. Redirects never lead from https to http. Waits are in seconds; no clock is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

import httpx
import tenacity

from course_lib.errors import BadArgument, FetchError, MonthNotPublished

TRIES = 5  # in a row without a byte more than was ever held; then it is the person's turn
ALL_TRIES = 1_000  # even for a server that gives one byte a time
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is told to the person instead
REDIRECTS = 5

T = TypeVar("T")


class Again(Exception):
    """This try failed in a way that the next may not; `after` is how long the server asks to wait."""

    def __init__(self, why: str, after: float | None = None):
        super().__init__(why)
        self.after = after


def client(base: str, timeout: float) -> httpx.Client:
    """A connection pool for addresses below `base`, by the proxy and certificate settings of the environment."""
    try:
        named = httpx.URL(base)
    except httpx.InvalidURL:
        named = httpx.URL()
    if named.scheme not in ("http", "https") or not named.host:
        raise BadArgument(f"{base!r} is no web address: give --base-url one that begins with https://")
    try:
        # identity: a size must be that of the file, not of a compressed answer
        return httpx.Client(timeout=timeout, headers={"Accept-Encoding": "identity"})
    except (ImportError, ValueError, OSError) as error:
        remedy = "Mend or unset HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE or SSL_CERT_DIR."
        raise FetchError(base, f"the proxy or certificate settings of this machine fail: {error}", remedy) from error


class Address:
    """The published file at `url`, on its way into `folder`; `rule` says which files there are."""

    def __init__(self, client: httpx.Client, url: str, folder: Path, rule: str, sleep: Callable[[float], None]) -> None:
        self.client, self.url, self.rule, self.sleep = client, url, rule, sleep
        self.remedy = (
            f"Try again later: what came is kept, and the same command goes on from there. Or download the address "
            f"by hand into {folder} and run `course pipeline --input {folder}`."
        )

    def patiently(self, work: Callable[[], T], held: Callable[[], int]) -> T:
        """`work()`, tried again after Again until TRIES in a row brought no byte beyond the most ever `held()`."""
        best, fruitless = held(), 0

        def count(state: tenacity.RetryCallState) -> None:
            nonlocal best, fruitless
            best, fruitless = (held(), 0) if held() > best else (best, fruitless + 1)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.after if isinstance(error, Again) else None
            return min(30.0, 0.5 * 2**fruitless) if asked is None else asked

        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            after=count,
            wait=wait,
            stop=lambda state: fruitless >= TRIES or state.attempt_number >= ALL_TRIES,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return tries(work)
        except Again as error:
            raise FetchError(self.url, f"{TRIES} tries in a row brought nothing; the last: {error}", self.remedy) from (
                error
            )

    def size(self) -> int | None:
        """The published size in bytes; None where the server does not tell."""
        with self.open("HEAD", {}) as response:
            return length(response) if response.status_code == 200 else None

    @contextmanager
    def open(self, method: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """The answer, its body still to be read: 200, 206 or 416; for HEAD also one that says it knows no HEAD.

        Raises Again, also from within the block where the body is cut; FetchError and MonthNotPublished.
        """
        try:
            response = self._follow(self.client.build_request(method, self.url, headers=headers))
            try:
                self._judge(response, method)
                yield response
            finally:
                response.close()
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                remedy = "If your network inspects TLS, name its certificate in the variable SSL_CERT_FILE."
                raise FetchError(self.url, f"its certificate is not trusted here ({error})", remedy) from error
            raise Again(f"{error or type(error).__name__}") from error

    def _follow(self, request: httpx.Request) -> httpx.Response:
        for _ in range(REDIRECTS + 1):
            response = self.client.send(request, stream=True)
            if response.next_request is None:
                return response
            response.close()
            onward = response.next_request
            if onward.url.scheme not in (request.url.scheme, "https"):
                raise FetchError(self.url, f"it sends us on to {onward.url}, which is not encrypted", self.remedy)
            request = onward
        raise FetchError(self.url, f"it sent us on more than {REDIRECTS} times", self.remedy)

    def _judge(self, response: httpx.Response, method: str) -> None:
        status = response.status_code
        if status in (200, 206, 416) or (method == "HEAD" and status in (405, 501)):
            return
        if status in (403, 404, 410):  # the TLC's distribution says 403 for what does not exist
            raise MonthNotPublished(self.url, f"the publisher answers {status}: there is no such file", self.rule)
        if status in (408, 425, 429) or status >= 500:
            after = _retry_after(response)
            if after is not None and after > LONGEST_WAIT:
                raise FetchError(self.url, f"the server answers {status} and asks to wait {after:,.0f} s", self.remedy)
            raise Again(f"the server answers {status}", after)
        raise FetchError(self.url, f"the server answers {status}", self.remedy)


def length(response: httpx.Response) -> int | None:
    """The bytes that the answer says its body has; None where it does not say."""
    said = response.headers.get("content-length", "")
    return int(said) if re.fullmatch("[0-9]+", said) else None


def content_range(response: httpx.Response) -> tuple[int | None, int | None, int | None]:
    """First byte, last byte and whole size that the answer names.

    >>> content_range(httpx.Response(206, headers={"Content-Range": "bytes 5-9/10"}))
    (5, 9, 10)
    >>> content_range(httpx.Response(416, headers={"Content-Range": "bytes */10"}))
    (None, None, 10)
    """
    found = re.fullmatch(r"bytes (?:([0-9]+)-([0-9]+)|\*)/([0-9]+|\*)", response.headers.get("content-range", ""))
    if not found:
        return None, None, None
    first, last, total = (int(text) if text and text != "*" else None for text in found.groups())
    return first, last, total


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait; a date counts from the answer's own Date. None where nothing usable is said."""
    said = response.headers.get("retry-after", "")
    if re.fullmatch("[0-9]+", said):
        return float(said)
    try:
        until, sent = parsedate_to_datetime(said), parsedate_to_datetime(response.headers["date"])
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, KeyError):
        return None
