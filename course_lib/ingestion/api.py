"""How are all trips of a service read, each once, when it limits, fails and is slow?

A page is asked for until it comes: after 429 or 503 with Retry-After the client waits as long as it was told to, after
another failure of the server or of the network as long as its own patience says (exponential, with jitter drawn from
a seed). What would fail again is not tried again: any other status of 400 and above is raised at once.

The cursor is handed out with each page. Whoever stores page and cursor together, or the cursor after the page,
goes on after a crash where they were (checkpoints.py).
"""

from __future__ import annotations

import email.utils
import functools
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
import tenacity

from course_lib.errors import FetchError

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that may be different the next time


class Page(NamedTuple):
    """Some trips, in the service's order, and the cursor after them."""

    trips: list[dict[str, Any]]
    cursor: str
    more: bool  # whether there were further trips when the page was made
    bytes: int  # of body


class Passing(Exception):
    """A failure that may pass: `wait` is what the server asks for in seconds, None where it asks for nothing."""

    def __init__(self, why: str, wait: float | None = None):
        super().__init__(why)
        self.wait = wait


def read_pages(
    url: str,
    cursor: str = "",
    *,
    limit: int = 100,
    attempts: int = 8,
    seed: int = 7,
    sleep: Callable[[float], None] = time.sleep,
    client: httpx.Client | None = None,
) -> Iterator[Page]:
    """The pages of the service at `url` after `cursor`, until there are no more.

    attempts   how often one page is asked for before FetchError is raised
    sleep      is called with the seconds to wait
    """
    dice = random.Random(seed)
    # Certificates take a third of a second to load, and a plain http address needs none (redirects are not followed).
    with client or httpx.Client(timeout=TIMEOUT, trust_env=False, verify=not url.startswith("http://")) as http:
        while True:
            ask = functools.partial(get_page, http, url, cursor, limit)
            page = _until_it_comes(ask, url, attempts, dice, sleep)
            yield page
            if not page.more:
                return
            if page.cursor == cursor:
                raise FetchError(url, "it says that there is more, but its cursor stands still", "Ask its owners.")
            cursor = page.cursor


def get_page(http: httpx.Client, url: str, cursor: str, limit: int) -> Page:
    """One page, asked for once. Raises Passing or FetchError."""
    try:
        answer = http.get(f"{url}/trips", params={"cursor": cursor, "limit": limit})
    except httpx.TransportError as error:
        raise Passing(f"{type(error).__name__}: {error}") from error
    if answer.status_code in PASSING:
        raise Passing(f"status {answer.status_code}", retry_after(answer.headers.get("Retry-After"), _now))
    if answer.status_code >= 300:
        raise FetchError(url, f"status {answer.status_code}: {answer.text[:200]}", "Asking again would not help.")
    try:
        told = answer.json()
        return Page(list(told["trips"]), str(told["cursor"]), bool(told["more"]), len(answer.content))
    except (ValueError, KeyError, TypeError) as error:
        raise Passing(f"a page that cannot be read ({type(error).__name__})") from error  # cut short, or a proxy's


def retry_after(told: str | None, now: Callable[[], datetime]) -> float | None:
    """The seconds to wait that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), or None.

    >>> retry_after("3", None), retry_after("soon", None), retry_after(None, None)
    (3.0, None, None)
    >>> noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    >>> retry_after("Mon, 01 Jan 2024 12:00:30 GMT", lambda: noon)
    30.0
    """
    if told is None:
        return None
    if told.strip().isdecimal():
        return float(told)
    try:
        at = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - now()).total_seconds(), 0.0)


def patience(attempt: int, dice: random.Random, longest: float = 60.0) -> float:
    """The seconds to wait after failure `attempt` (from 1): drawn evenly up to 2**(attempt - 1), at most `longest`.

    "Full jitter": clients that failed together do not come back together. Source: M. Brooker, "Exponential Backoff And
    Jitter" (AWS Architecture Blog, 2015).
    """
    return dice.uniform(0, min(2.0 ** min(attempt - 1, 60), longest))


def _until_it_comes(
    ask: Callable[[], Page], url: str, attempts: int, dice: random.Random, sleep: Callable[[float], None]
) -> Page:
    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.wait if isinstance(error, Passing) else None
        return told if told is not None else patience(state.attempt_number, dice)

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        retry=tenacity.retry_if_exception_type(Passing),
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(ask)
    except Passing as error:
        remedy = "Go on later from the last cursor that was stored."
        raise FetchError(url, f"{attempts} attempts failed, the last with: {error}", remedy) from error


def _now() -> datetime:
    return datetime.now(UTC)
