"""What does a stream of trips look like that tells a careful consumer from a careless one?

A day of one city, as messages (key, value, time of publication), in the order in which they are published:

    morning ──> midday ──> latecomers ──> afternoon ──> night

What is said of a trip is published up to fifty minutes after its pickup, so that pickups come out of order, by less
than the hour that a consumer is told to wait. One in twenty is published twice, as a producer does that did not hear
the broker's answer; one in ten is corrected, and of some of those the first version is said once more after its
correction: the last word is not the newest. One in ten is no valid trip, corrections included, and some of these say
that it is 2099; a few messages are no JSON. Latecomers belong to hours that were over long before; at night a few trips
of the next day move every partition's watermark, so that all hours of the day are over. Which windows that makes, the
oracle says (`windows`).

Pure: the same seed gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple

from course_lib import reference

DAY = datetime(2020, 10, 1)
MORNING, MIDDAY, AFTERNOON = (DAY + timedelta(hours=hour) for hour in (10, 14, 18))  # each phase ends then
LAST_HOUR = (AFTERNOON + timedelta(hours=1)).isoformat()  # the hour that must be over at the end
PATIENCE = timedelta(hours=1)  # what the consumers wait for events out of order
_UTC = timezone.utc  # noqa: UP017
_SPOILED: tuple[dict[str, Any], ...] = (
    {"pickup_zone": None}, {"dropoff_at": None}, {"distance_m": 0}, {"distance_m": None}, {"fare_cents": -1},
    {"fare_cents": None}, {"dropoff_at": DAY.isoformat()}, {"pickup_at": "2099-12-31T23:59:59"},
)  # fmt: skip
_NO_JSON = (b"{not json", b"", b"[]", b"null", b"\xff", b"[" * 5000)


class Event(NamedTuple):
    """A message of the topic."""

    key: bytes  # trip_id: all that is said of a trip is on one partition, in order
    value: bytes
    published_ms: int  # since 1970-01-01, the wall time taken for UTC


class Day(NamedTuple):
    """The phases, each in order of publication."""

    morning: list[Event]
    midday: list[Event]
    latecomers: list[Event]  # published when midday is over, picked up before eight
    afternoon: list[Event]
    night: list[Event]

    @property
    def since_ms(self) -> int:
        """The time of publication from which on a replay sees the afternoon and the night."""
        return _ms(MIDDAY)


def day(seed: int = 7, trips: int = 6000) -> Day:
    """A day of `trips` trips and what is said of them."""
    rng = Random(seed)
    said: list[tuple[datetime, int, bytes, bytes]] = []
    for number in range(trips):
        pickup_at = DAY + timedelta(hours=6, seconds=rng.randrange(int(11.5 * 3600)))
        for at, row in _story(rng, number, pickup_at):
            said.append((at, len(said), _key(number), _json(row)))
    for _ in range(trips // 200):
        at = DAY + timedelta(hours=6, seconds=rng.randrange(12 * 3600))
        said.append((at, len(said), _key(rng.randrange(trips)), rng.choice(_NO_JSON)))
    events = [Event(key, value, _ms(at)) for at, _, key, value in sorted(said)]
    late, night = [], []
    for number in range(trips, trips + 50):
        row = _ride(rng, number, DAY + timedelta(hours=6, seconds=rng.randrange(2 * 3600)))
        late.append(Event(_key(number), _json(row), _ms(MIDDAY) - 1))
    for number in range(trips + 50, trips + 150):
        row = _ride(rng, number, DAY + timedelta(hours=34, seconds=number))
        night.append(Event(_key(number), _json(row), _ms(DAY + timedelta(hours=36))))
    before = [event for event in events if event.published_ms < _ms(MORNING)]
    after = [event for event in events if event.published_ms >= _ms(MIDDAY)]
    return Day(before, events[len(before) : len(events) - len(after)], late, after, night)


def windows(events: Iterable[Event]) -> str:
    """The oracle's answer for these events, up to the last hour of the day."""
    told = reference.zone_hour_demand(_rows(events))
    header, *lines = told.splitlines(keepends=True)
    return "".join([header, *(line for line in lines if line.split(",")[0] <= LAST_HOUR)])


def late_trips(events: Iterable[Event]) -> set[int]:
    """The trips of these events that are valid, and so must be told when they come too late."""
    return {trip.trip_id for trip in reference.valid(_rows(events))}


def _rows(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    for event in events:
        try:
            row = json.loads(event.value)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _story(rng: Random, number: int, pickup_at: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """What is said of a trip, and when."""
    ride = _ride(rng, number, pickup_at)
    if rng.random() < 0.1:
        ride |= rng.choice(_SPOILED)
    at = pickup_at + timedelta(seconds=rng.randrange(1800))
    yield at, ride
    if rng.random() < 0.05:
        yield at + timedelta(seconds=rng.randrange(60)), ride  # said again, word for word
    if rng.random() < 0.1:
        updated_at = pickup_at + timedelta(seconds=rng.randrange(1200))
        better = ride | {"updated_at": updated_at.isoformat(), "source_file": "corrections", "source_row": number}
        better["fare_cents"], better["pickup_zone"] = rng.randrange(-300, 4000), rng.randrange(1, 21)
        corrected_at = at + timedelta(seconds=rng.randrange(600))
        yield corrected_at, better
        if rng.random() < 0.5:  # stale, and last: its queue was slow
            yield corrected_at + timedelta(seconds=rng.randrange(1, 600)), ride


def _ride(rng: Random, number: int, pickup_at: datetime) -> dict[str, Any]:
    return {
        "trip_id": number,
        "pickup_zone": rng.randrange(1, 21),
        "pickup_at": pickup_at.isoformat(),
        "dropoff_at": (pickup_at + timedelta(seconds=rng.randrange(60, 3600))).isoformat(),
        "distance_m": rng.randrange(100, 20_000),
        "fare_cents": rng.randrange(250, 6000),
        "updated_at": rng.choice([None, (pickup_at - timedelta(seconds=1)).isoformat()]),
        "source_file": "rides",
        "source_row": number,
    }


def _key(number: int) -> bytes:
    return str(number).encode()


def _json(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode()


def _ms(at: datetime) -> int:
    return int(at.replace(tzinfo=_UTC).timestamp() * 1000)
