"""Does the client bring every trip once from a service that limits, fails and is slow?"""

import json
import random
import threading
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import FetchError
from course_lib.ingestion.api import Page, patience, read_pages, retry_after
from course_lib.ingestion.clock import VirtualClock
from course_lib.ingestion.local_api import LocalApi, Temper


def trips(n: int, first: int = 0) -> list[dict]:
    return [{"trip_id": key, "updated_at": 1000 + key // 3, "fare_cents": key * 7} for key in range(first, first + n)]


def all_of(pages: list[Page]) -> list[int]:
    return [trip["trip_id"] for page in pages for trip in page.trips]


def read(service: LocalApi, cursor: str = "", **options: object) -> list[Page]:
    with service:
        return list(read_pages(service.url, cursor, sleep=service.clock.sleep, **options))  # type: ignore[arg-type]


def test_every_trip_comes_once_and_in_order():
    assert all_of(read(LocalApi(trips(95)), limit=10)) == list(range(95))


def test_an_empty_service_has_one_empty_page():
    assert [page.trips for page in read(LocalApi([]))] == [[]]


def test_every_trip_comes_once_on_a_bad_day():
    service = LocalApi(trips(300), trips(40, 300), Temper(rate=2, burst=3, errors=0.3, slow=0.2, arrivals=2, seed=5))

    found = all_of(read(service, limit=20))

    assert found == list(range(len(found)))
    assert len(found) > 300 and len(service.trips) - len(found) <= 2  # two came in after the last page
    assert service.counts["429"] > 0
    assert service.counts["500"] + service.counts["503"] > 0


def test_the_client_waits_as_long_as_it_is_told():
    slept: list[float] = []
    service = LocalApi(trips(4), temper=Temper(rate=1, burst=1), clock=VirtualClock())
    with service:
        pages = read_pages(service.url, limit=1, sleep=lambda s: (slept.append(s), service.clock.sleep(s)))  # type: ignore[func-returns-value]
        assert all_of(list(pages)) == [0, 1, 2, 3]

    assert slept == [1.0, 1.0, 1.0]
    assert service.counts["429"] == 3


def test_reading_goes_on_from_a_stored_cursor():
    service = LocalApi(trips(50))
    with service:
        first = next(iter(read_pages(service.url, limit=20)))
        rest = list(read_pages(service.url, first.cursor, limit=20))

    assert all_of([first, *rest]) == list(range(50))


def test_a_changed_trip_comes_again_with_its_new_values():
    service = LocalApi(trips(10))
    with service:
        pages = list(read_pages(service.url))
        service.take_in([{"trip_id": 4, "updated_at": 9999, "fare_cents": 1}])
        news = list(read_pages(service.url, pages[-1].cursor))

    assert [trip["fare_cents"] for page in news for trip in page.trips] == [1]


def test_paging_by_offset_while_trips_arrive_gives_some_twice():
    service, seen = LocalApi(trips(60), trips(30, 60), Temper(arrivals=3)), Counter[int]()
    for offset in range(0, 60, 10):
        _, _, body = service.answer(f"/trips?offset={offset}&limit=10")
        seen.update(trip["trip_id"] for trip in json.loads(body)["trips"])

    assert sum(n - 1 for n in seen.values()) == 3 * 5
    assert set(seen) < set(service.trips)


def test_giving_up_says_what_happened_and_what_next():
    with pytest.raises(FetchError, match=r"3 attempts failed, the last with: status 50[03].*the last cursor"):
        read(LocalApi(trips(5), temper=Temper(errors=1.0)), attempts=3)


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U=", "é"])
def test_what_would_fail_again_is_not_tried_again(cursor: str):
    service = LocalApi(trips(5))
    with pytest.raises(FetchError, match="not a cursor"):
        read(service, cursor)

    assert service.counts["requests"] == 1


def test_a_service_whose_cursor_stands_still_is_not_read_for_ever():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"trips": [], "cursor": "", "more": True}))
    with pytest.raises(FetchError, match="its cursor stands still"):
        list(read_pages("http://127.0.0.1:1", client=httpx.Client(transport=transport)))


def test_a_page_that_was_cut_short_or_is_no_page_is_asked_for_again():
    answers = [b'{"trips": [{"trip', b"<html>", b"[]", b'{"trips": [], "cursor": "c", "more": false}']
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=answers.pop(0)))

    pages = read_pages("http://127.0.0.1:1", sleep=lambda s: None, client=httpx.Client(transport=transport))
    assert next(pages).cursor == "c"


def test_a_server_that_is_not_there_is_asked_again_before_giving_up():
    slept: list[float] = []
    with pytest.raises(FetchError, match="ConnectError"):
        list(read_pages("http://127.0.0.1:1", attempts=3, sleep=slept.append))

    assert len(slept) == 2


def test_a_connection_that_is_cut_is_opened_again():
    left = [1]

    class Cut(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

        def do_GET(self) -> None:
            body = b'{"trips": [], "cursor": "c", "more": false}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: 5 if left else len(body)])
            left.clear()

    with ThreadingHTTPServer(("127.0.0.1", 0), Cut) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        pages = list(read_pages(f"http://127.0.0.1:{server.server_port}", sleep=lambda s: None))
        server.shutdown()
        thread.join()

    assert len(pages) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Mon, 01 Jan 2024 12:00:30 GMT", 30.0),
        ("Mon, 01 Jan 2024 11:00:00 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str | None, seconds: float | None):
    assert retry_after(told, lambda: datetime(2024, 1, 1, 12, tzinfo=UTC)) == seconds


@given(st.integers(1, 2000), st.integers(0, 100))
def test_patience_grows_and_has_an_end(attempt: int, seed: int):
    assert 0 <= patience(attempt, random.Random(seed)) <= min(2.0 ** min(attempt - 1, 10), 60.0)


def test_the_same_seed_waits_the_same():
    told = [[patience(n, random.Random(3)) for n in range(1, 9)] for _ in range(2)]

    assert told[0] == told[1]


def test_a_retry_after_of_no_seconds_is_no_wait():
    slept: list[float] = []
    answers = [httpx.Response(503, headers={"Retry-After": "0"}), httpx.Response(200, json=PAGE)]
    client = httpx.Client(transport=httpx.MockTransport(lambda request: answers.pop(0)))

    assert len(list(read_pages("http://127.0.0.1:1", sleep=slept.append, client=client))) == 1
    assert slept == [0.0]


PAGE = {"trips": [], "cursor": "c", "more": False}
