"""Does the trip service misbehave as told, and in no other way?"""

import json
import socket

import httpx
import pytest

from course_lib.ingestion.clock import VirtualClock
from course_lib.ingestion.local_api import LARGEST_PAGE, LocalApi, Temper, write_cursor

TRIPS = [{"trip_id": key, "updated_at": key} for key in range(20)]


def get(service: LocalApi, path: str) -> tuple[int, dict]:
    status, _, body = service.answer(path)
    return status, json.loads(body)


def test_it_answers_over_http_on_loopback_and_counts():
    with LocalApi(TRIPS) as service:
        body = httpx.get(f"{service.url}/trips?limit=2", trust_env=False).content
        counted = dict(service.counts)

    assert json.loads(body)["trips"] == TRIPS[:2]
    assert counted == {"requests": 1, "bytes": len(body), "200": 1}


def test_its_port_is_free_after_stop():
    with LocalApi(TRIPS) as service:
        port = int(service.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        service.stop()

    with pytest.raises(RuntimeError, match="call start"):
        _ = service.url


def test_it_fails_as_often_as_told_and_the_same_each_time():
    runs = []
    for _ in range(2):
        service = LocalApi(TRIPS, temper=Temper(errors=0.25, seed=3))
        runs.append([get(service, "/trips")[0] for _ in range(400)])

    assert runs[0] == runs[1]
    assert 70 <= sum(status != 200 for status in runs[0]) <= 130


def test_its_limit_lets_pass_what_it_promises():
    clock = VirtualClock()
    service = LocalApi(TRIPS, temper=Temper(rate=2, burst=4), clock=clock)
    burst = [get(service, "/trips")[0] for _ in range(6)]
    clock.sleep(1)
    later = [get(service, "/trips")[0] for _ in range(3)]

    assert (burst, later) == ([200] * 4 + [429] * 2, [200] * 2 + [429])


def test_slow_answers_take_time_on_its_clock():
    service = LocalApi(TRIPS, temper=Temper(slow=1.0, pause=7.0))
    get(service, "/trips")

    assert service.clock.now() == 7.0


def test_a_cursor_is_a_place_after_a_change_and_not_a_number_of_rows():
    service = LocalApi(TRIPS)
    _, page = get(service, f"/trips?limit=2&cursor={write_cursor(5, 5)}")

    assert [trip["trip_id"] for trip in page["trips"]] == [6, 7]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/trips?limit=0", 400),
        ("/trips?limit=x", 400),
        ("/trips?offset=x", 400),
        ("/trips?cursor=%00", 400),
        ("/trips?cursor=", 200),
        ("/trips?offset=1000", 200),
    ],
)
def test_odd_requests_get_a_reason(path: str, status: int):
    found, told = get(LocalApi(TRIPS), path)

    assert found == status
    assert ("error" in told) == (status != 200)


def test_a_page_has_an_upper_limit():
    service = LocalApi([{"trip_id": key, "updated_at": 0} for key in range(2 * LARGEST_PAGE)])

    assert len(get(service, "/trips?limit=1000000")[1]["trips"]) == LARGEST_PAGE
