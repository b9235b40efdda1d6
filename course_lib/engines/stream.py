"""What must be true of a consumer of a stream?

    publish the morning ── the consumer starts ── its first windows are there
    publish midday ── kill it, with everything it started ── start it again on the same state
    publish the latecomers, when their hours are over ── the afternoon ── the night: it ends by itself

Then its windows are the oracle's, byte for byte: every event counted once, order within a trip kept, and whoever came
too late is told. Another one, that remembers nothing, begins at the time at which the afternoon began, and counts that.

The broker is Kafka's own. Every engine of the kind `stream` has the function that is called here:

    stream(bootstrap, events, windows, late, state, until, since=None) -> None, or {"late": number}

It writes a message for each zone and hour to the topic `windows` (key "hour,zone", value a line of the oracle's CSV)
and returns when the hour `until` is over. Trips that came too late go to the topic `late`, with their trip_id as
key; an engine that cannot say which they were returns how many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from course_lib import reference
from course_lib.engines import stream_events
from course_lib.engines.compute import difference
from course_lib.engines.kafka.broker import Broker
from course_lib.engines.kafka.broker import start as start_broker
from course_lib.engines.registry import Engine
from course_lib.engines.running import Call, start
from course_lib.engines.stream_events import Day, Event
from course_lib.errors import ContractBroken, EngineUnavailable

PATIENCE = 600.0  # s for a consumer to do the next thing, its start included; 20 on two free cores
PARTITIONS = 4
_ANSWER = 30.0  # s that the broker has
_PAUSE = 0.2  # s between two looks
_QUIET = {"log_level": 0}


class Outcome(NamedTuple):
    """What a consumer said."""

    windows: str  # as the oracle writes it
    late: set[int] | int  # trip_ids, or how many where the engine cannot say which
    repeats: int  # messages that say again what was said: an engine that writes at least once


def through_a_kill(engine: Engine, folder: Path) -> str:
    """Events out of order, said twice, corrected and spoiled; a kill half way; trips that come too late."""
    day = stream_events.day()
    found = killed_half_way(engine, broker(), folder, day)
    on_time = [*day.morning, *day.midday, *day.afternoon, *day.night]
    wanted, late = stream_events.windows(on_time), stream_events.late_trips(day.latecomers)
    _same("the windows after a kill", wanted, found.windows)
    if found.late not in (late, len(late)):
        raise ContractBroken("late trips", f"{found.late} were told instead of {late}")
    told = f"{len(late)} late trips " + ("named" if isinstance(found.late, set) else "counted")
    return f"{wanted.count(chr(10)) - 1} windows, {found.repeats} of them said twice; {told}"


def from_a_time(engine: Engine, folder: Path) -> str:
    """Who remembers nothing, and is told a time, counts what was published from then on."""
    day = stream_events.day()
    found = since_a_time(engine, broker(), folder, day)
    wanted = stream_events.windows([*day.afternoon, *day.night])
    _same("the windows from a time on", wanted, found.windows)
    return f"{wanted.count(chr(10)) - 1} windows"


CHECKS = {
    "equal windows through a kill, late trips told": through_a_kill,
    "replay from a time": from_a_time,
}


def broker() -> Broker:
    """The broker of this process, another one where the last has died. Raises EngineUnavailable."""
    if not _broker().running:
        _broker.cache_clear()
    return _broker()


@cache
def _broker() -> Broker:
    return start_broker()


def killed_half_way(engine: Engine, kafka: Broker, folder: Path, day: Day) -> Outcome:
    """A day with a kill in it.

    Raises EngineFailed; EngineUnavailable where the broker dies; ContractBroken where a window is said in two ways, or
    the consumer ends before the day does.
    """
    bootstrap, (events, asked) = kafka.bootstrap, prepared(engine, kafka, folder)
    publish(bootstrap, events, day.morning)
    with Topic(bootstrap, asked["windows"]) as said:
        with start(engine, "stream", folder, asked) as running:
            wait(running, kafka, lambda: bool(said.read()))
            publish(bootstrap, events, day.midday)
        with start(engine, "stream", folder, asked) as running:
            passed = (stream_events.MIDDAY - 3 * stream_events.PATIENCE).isoformat()
            wait(running, kafka, lambda: max(said.read()) >= passed)
            publish(bootstrap, events, [*day.latecomers, *day.afternoon, *day.night])
            return outcome(running, kafka, asked)


def since_a_time(engine: Engine, kafka: Broker, folder: Path, day: Day) -> Outcome:
    """A day that is over, read from the beginning of the afternoon on. Raises as killed_half_way does."""
    events, asked = prepared(engine, kafka, folder)
    publish(kafka.bootstrap, events, [event for phase in day for event in phase])
    with start(engine, "stream", folder, asked | {"since": day.since_ms}) as running:
        return outcome(running, kafka, asked)


def prepared(engine: Engine, kafka: Broker, folder: Path) -> tuple[str, dict[str, Any]]:
    """New topics: the one for events, and what the adapter is asked."""
    name = f"{engine.name}-{time.monotonic_ns():x}"
    events, windows, late = (f"{name}-{topic}" for topic in ("events", "windows", "late"))
    make_topics(kafka.bootstrap, {events: PARTITIONS, windows: 1, late: 1})
    (state := folder / "state").mkdir(parents=True)
    asked = {"bootstrap": kafka.bootstrap, "events": events, "windows": windows, "late": late, "state": state}
    return events, asked | {"until": stream_events.LAST_HOUR}


def outcome(running: Call, kafka: Broker, asked: dict[str, Any]) -> Outcome:
    """What the consumer will have said when it ends by itself."""
    wait(running, kafka, lambda: not running.running)
    told: dict[str, int] | None = running.result(_ANSWER).value
    said, letters = whole(kafka.bootstrap, asked["windows"]), whole(kafka.bootstrap, asked["late"]).content
    named = {int(key) for key in letters}
    return Outcome(as_csv(said), named if told is None else told["late"], said.repeats)


def _same(what: str, wanted: str, found: str) -> None:
    if wanted != found:
        raise ContractBroken(what, difference(wanted.encode(), found.encode()))


class Topic:
    """What was committed to a topic of one partition, by key; `read` takes what is new."""

    def __init__(self, bootstrap: str, topic: str):
        from confluent_kafka import Consumer, TopicPartition

        self.content: dict[str, str] = {}
        self.repeats = 0
        reading = {"group.id": f"{topic}-reader", "isolation.level": "read_committed", "enable.partition.eof": True}
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "enable.auto.commit": False, **reading, **_QUIET})
        self._consumer.assign([TopicPartition(topic, 0, 0)])

    def __enter__(self) -> Topic:
        return self

    def __exit__(self, *why: object) -> None:
        self._consumer.close()

    def read(self, patience: float = _PAUSE) -> dict[str, str]:
        """The content, up to the end of the topic. Raises ContractBroken where a key says something new."""
        from confluent_kafka import KafkaError, KafkaException

        while (message := self._consumer.poll(patience)) is not None:
            if (problem := message.error()) is not None:
                if problem.code() == KafkaError._PARTITION_EOF:
                    break
                raise KafkaException(problem)
            key, value = (part.decode() for part in (message.key() or b"", message.value() or b""))
            if key in self.content:
                self.repeats += 1
            if self.content.setdefault(key, value) != value:
                raise ContractBroken(f"the window {key}", f"it was {self.content[key]} and then {value}")
        return self.content


def whole(bootstrap: str, topic: str) -> Topic:
    """All that is on a topic now."""
    with Topic(bootstrap, topic) as found:
        found.read(_ANSWER)
    return found


def as_csv(topic: Topic) -> str:
    """Windows as the oracle writes them, up to the last hour of the day."""
    lines = sorted((key.split(",")[0], int(key.split(",")[1]), line) for key, line in topic.content.items())
    kept = [line for hour, _, line in lines if hour <= stream_events.LAST_HOUR]
    return "".join(f"{line}\n" for line in [reference.HEADER, *kept])


def make_topics(bootstrap: str, partitions: dict[str, int]) -> None:
    """Make topics, by name the number of partitions."""
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap, **_QUIET})
    for made in admin.create_topics([NewTopic(name, number, 1) for name, number in partitions.items()]).values():
        made.result(_ANSWER)


def publish(bootstrap: str, topic: str, events: Iterable[Event]) -> None:
    """Put events on a topic, in order within a key, each with its time of publication."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **_QUIET})
    failed: list[Any] = []
    for event in events:
        producer.produce(
            topic, event.value, event.key, timestamp=event.published_ms,
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )  # fmt: skip
        producer.poll(0)
    if producer.flush(_ANSWER) or failed:
        raise EngineUnavailable("the Kafka broker", f"It did not take what was published: {failed[:1]}")


def wait(running: Call, kafka: Broker, ready: Callable[[], bool]) -> None:
    """Return when `ready`. Raises EngineFailed where the consumer fails or takes too long, EngineUnavailable where the
    broker has died, ContractBroken where the consumer ended before.
    """
    until = time.monotonic() + PATIENCE
    while not ready():
        if not kafka.running:
            raise EngineUnavailable("the Kafka broker", "It has died; try again.")
        if not running.running or time.monotonic() > until:
            running.result(0.0)  # raises what it ended of, or that it did not get there
            raise ContractBroken("the end", "the consumer returned while there was more to come")
        time.sleep(_PAUSE)
