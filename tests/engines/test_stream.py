"""Every consumer of a stream gives the oracle's windows, through a kill, and tells what came too late."""

from __future__ import annotations

import importlib.util
import json
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from course_lib import reference
from course_lib.engines import stream, stream_events
from course_lib.engines.registry import HERE
from course_lib.engines.running import start
from course_lib.errors import ContractBroken, EngineUnavailable
from tests.engines.contract import broken_copy, contract, of_kind, ready

DAY, HOUR = stream_events.day(), timedelta(hours=1)


def event_of(**changes: object) -> bytes:
    """A trip as an event, with another value here and there."""
    return json.dumps(stream_events._ride(Random(1), 1, stream_events.DAY) | changes).encode()


def kafka_adapter() -> ModuleType:
    """The course's consumer, as a module."""
    spec = importlib.util.spec_from_file_location("kafka_adapter", HERE / "kafka" / "adapter.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "what"), contract("stream"))
def test_the_contract(name: str, what: str, tmp_path: Path):
    ready("kafka")
    stream.CHECKS[what](ready(name), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", of_kind("stream"))
def test_who_was_killed_knows_what_is_late_before_anything_new_has_come(name: str, tmp_path: Path):
    """Nothing is left to read but latecomers: only what was remembered can tell that they are."""
    ready("kafka")
    engine, kafka = ready(name), stream.broker()
    events, asked = stream.prepared(engine, kafka, tmp_path)
    stream.publish(kafka.bootstrap, events, [*DAY.morning, *DAY.midday])
    with stream.Topic(kafka.bootstrap, asked["windows"]) as said, start(engine, "stream", tmp_path, asked) as running:
        stream.wait(running, kafka, lambda: max(said.read(), default="") >= (stream_events.DAY + 11 * HOUR).isoformat())
        time.sleep(3)  # one more checkpoint, in which all of it is read
    stream.publish(kafka.bootstrap, events, [*DAY.latecomers, *DAY.afternoon, *DAY.night])

    with start(engine, "stream", tmp_path, asked) as running:
        found = stream.outcome(running, kafka, asked)

    late = stream_events.late_trips(DAY.latecomers)
    assert found.windows == stream_events.windows([*DAY.morning, *DAY.midday, *DAY.afternoon, *DAY.night])
    assert found.late in (late, len(late))


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "producer.send_offsets_to_transaction(offsets", "producer.send_offsets_to_transaction([]", id="no positions"
        ),
        pytest.param("producer.produce(changelog, json.dumps(trip), key)", "pass", id="remembers nothing"),
        pytest.param(
            "producer.produce(late, message.value(), message.key())", "pass", id="late trips are lost silently"
        ),
        pytest.param("and distance_m > 0 and", "and", id="a trip of no length counts"),
        pytest.param("if key not in standing or trip > standing[key]:", "if True:", id="the last word is the newest"),
        pytest.param("fits = pickup_at.tzinfo is None and dropoff_at > pickup_at and", "fits =", id="believes in 2099"),
    ],
)
def test_a_careless_consumer_breaks_the_contract(old: str, new: str, tmp_path: Path):
    ready("kafka")
    wrong = broken_copy("kafka", tmp_path / "copy", (old, new))

    with pytest.raises(ContractBroken):
        stream.through_a_kill(wrong, tmp_path / "run")


@pytest.mark.full
def test_a_broker_that_dies_is_told_at_once_and_the_next_contract_has_another(tmp_path: Path):
    ready("kafka")
    engine, kafka = ready("kafka"), stream.broker()
    _, asked = stream.prepared(engine, kafka, tmp_path)

    with start(engine, "stream", tmp_path, asked) as running:
        kafka.kill()
        with pytest.raises(EngineUnavailable, match="broker"):
            stream.outcome(running, kafka, asked)

    assert stream.broker().running
    assert stream.broker() is stream.broker() is not kafka


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"[" * 100_000, id="without end"),
        pytest.param(b'{"trip_id": 1e400}', id="infinity"),
        pytest.param(
            event_of(pickup_at="2020-10-01T08:00:00+00:00", dropoff_at="2020-10-01T09:00:00+00:00"), id="zone"
        ),
        pytest.param(event_of(pickup_at="2020-10-01T08:00:00+00:00"), id="one with a zone, one without"),
        pytest.param(event_of(pickup_at=20201001), id="a number for a time"),
        pytest.param(event_of(fare_cents=1.0), id="a float"),
        pytest.param(event_of(source_file=None), id="no file"),
        pytest.param(event_of(trip_id="7"), id="text for a number"),
    ],
)
def test_what_is_no_trip_is_none_to_our_consumer_and_ends_nothing(value: bytes):
    assert kafka_adapter().trip_of(value) is None
    assert kafka_adapter().trip_of(event_of()) is not None


def test_the_same_seed_gives_the_same_day():
    assert stream_events.day(seed=3, trips=50) == stream_events.day(seed=3, trips=50)
    assert stream_events.day(seed=3, trips=50) != stream_events.day(seed=4, trips=50)


def test_the_day_is_published_in_order_and_picked_up_out_of_order():
    phases = [DAY.morning, DAY.midday, DAY.latecomers, DAY.afternoon, DAY.night]
    times = [event.published_ms for phase in (DAY.morning, DAY.midday, DAY.afternoon, DAY.night) for event in phase]
    pickups = [row["pickup_at"] for row in rows(DAY.morning)]

    assert all(phases)
    assert times == sorted(times)
    assert pickups != sorted(pickups)
    assert max(event.published_ms for event in DAY.latecomers) < DAY.since_ms <= DAY.afternoon[0].published_ms


def test_nothing_but_the_latecomers_comes_later_than_consumers_wait():
    """A consumer that has seen every event published so far must still take the next one."""
    newest = datetime.min + HOUR
    for trip in reference.valid(rows([*DAY.morning, *DAY.midday, *DAY.afternoon, *DAY.night])):
        assert trip.pickup_at > newest - HOUR
        newest = max(newest, trip.pickup_at)
    over = max(trip.pickup_at for trip in reference.valid(rows(DAY.midday))) - HOUR
    assert all(trip.pickup_at < over - HOUR for trip in reference.valid(rows(DAY.latecomers)))


def test_the_day_has_every_defect_that_a_consumer_must_survive():
    events = [*DAY.morning, *DAY.midday, *DAY.afternoon]
    said = Counter((event.key, event.value) for event in events)

    assert max(said.values()) > 1
    assert any(row["updated_at"] for row in rows(events))
    assert any(row["fare_cents"] is None for row in rows(events))
    assert any(row["pickup_at"] > "2099" for row in rows(DAY.morning))  # who believes it closes every window
    assert len(list(rows(events))) < len(events)
    assert stale(events)
    assert len(stream_events.late_trips(DAY.latecomers)) == len(DAY.latecomers)


def stale(events) -> list[int]:
    """Trips of which the last valid word is not the newest."""
    newest, last = {}, {}
    for trip in reference.valid(rows(events)):
        last[trip.trip_id] = trip
        if trip.trip_id not in newest or reference.displaces(trip, newest[trip.trip_id]):
            newest[trip.trip_id] = trip
    return [number for number, trip in last.items() if trip != newest[number]]


def rows(events):
    for event in events:
        try:
            row = json.loads(event.value)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row
