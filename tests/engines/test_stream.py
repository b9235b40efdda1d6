"""Every consumer of a stream gives the oracle's windows, through a kill, and tells what came too late."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from course_lib import reference
from course_lib.engines import stream, stream_events
from course_lib.engines.running import start
from course_lib.errors import ContractBroken
from tests.engines.contract import broken_copy, contract, of_kind, ready

DAY, HOUR = stream_events.day(), timedelta(hours=1)


@pytest.mark.parametrize(("name", "what"), contract("stream"))
def test_the_contract(name: str, what: str, tmp_path: Path):
    ready("kafka")
    stream.CHECKS[what](ready(name), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", of_kind("stream"))
def test_who_was_killed_knows_what_is_late_before_anything_new_has_come(name: str, tmp_path: Path):
    """Nothing is left to read but latecomers: only what was remembered can tell that they are."""
    ready("kafka")
    engine, bootstrap = ready(name), stream.broker().bootstrap
    events, asked = stream._prepared(engine, bootstrap, tmp_path)
    stream.publish(bootstrap, events, [*DAY.morning, *DAY.midday])
    with stream.Topic(bootstrap, asked["windows"]) as said, start(engine, "stream", tmp_path, asked) as running:
        stream._wait(running, lambda: max(said.read(), default="") >= (stream_events.DAY + 11 * HOUR).isoformat())
        time.sleep(3)  # one more checkpoint, in which all of it is read
    stream.publish(bootstrap, events, [*DAY.latecomers, *DAY.afternoon, *DAY.night])

    with start(engine, "stream", tmp_path, asked) as running:
        told = running.result(stream.PATIENCE).value

    found = stream._outcome(bootstrap, asked, told)
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
    ],
)
def test_a_careless_consumer_breaks_the_contract(old: str, new: str, tmp_path: Path):
    ready("kafka")
    wrong = broken_copy("kafka", tmp_path / "copy", (old, new))

    with pytest.raises(ContractBroken):
        stream.through_a_kill(wrong, tmp_path / "run")


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
    newest = ""
    for event in [*DAY.morning, *DAY.midday, *DAY.afternoon, *DAY.night]:
        for row in rows([event]):
            assert row["pickup_at"] > before(newest)
            newest = max(newest, row["pickup_at"])
    watermark = before(max(row["pickup_at"] for row in rows(DAY.midday)))
    assert all(row["pickup_at"] < before(watermark) for row in rows(DAY.latecomers))


def test_the_day_has_every_defect_that_a_consumer_must_survive():
    events = [*DAY.morning, *DAY.midday, *DAY.afternoon]
    said = Counter((event.key, event.value) for event in events)

    assert max(said.values()) > 1
    assert any(row["updated_at"] for row in rows(events))
    assert any(row["fare_cents"] is None for row in rows(events))
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
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def before(at: str) -> str:
    """An hour before, as text."""
    from datetime import datetime

    return (datetime.fromisoformat(at) - stream_events.PATIENCE).isoformat() if at else ""
