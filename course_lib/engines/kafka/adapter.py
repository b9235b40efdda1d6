"""How are windows counted exactly once with a consumer, a producer and nothing else?

What Kafka Streams does in Java, in one page. The newest version of each trip stands in its hour; when the watermark has
passed the end of an hour, its sums are said. What we remember, what we have said and how far we have read must never
disagree, so all of it is written to Kafka in one transaction:

    events ──consume──> standing trips ──┬──> changelog   what we remember, one record a trip, compacted
                                         ├──> windows     what we say
                                         ├──> late        trips whose hour was over: told, not lost
                                         └──> offsets     how far we have read

Whoever is started after a kill reads the changelog back and goes on at the last commit; the rest was seen by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import index, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

HOUR = PATIENCE = timedelta(hours=1)  # how far events may come out of order; the watermark stays this far behind
BATCH, ANSWER = 1000, 30.0  # messages in a transaction; seconds


class Trip(NamedTuple):
    """What the windows need of an event; of two with the same key, the greater is the newer."""

    hour: str
    updated_at: str  # ISO text sorts as time does; empty for none, which is oldest
    not_file: list[int]  # complements: ties go to the smallest file, bytewise,
    not_row: int  # then to the smallest row
    zone: int
    fare_cents: int
    distance_m: int
    seconds: int


def stream(
    bootstrap: str, events: str, windows: str, late: str, state: Path, until: str, since: int | None = None
) -> None:
    """Write the sums of each zone and hour to `windows` until the hour `until` is over; late trips go to `late`.

    since  time of publication [ms] from which on to read, where nothing was read before; None for everything
    state  not needed: everything that must outlive us is in Kafka
    """
    name, changelog = f"{windows}-consumer", f"{windows}-changelog"
    shared = {"bootstrap.servers": bootstrap, "log_level": 0}
    producer = Producer(shared | {"transactional.id": name, "linger.ms": 5})
    producer.init_transactions(ANSWER)  # from now on an older consumer of this name, should it still live, is fenced
    standing, clocks = restored(shared, changelog)
    reading = shared | {"group.id": name, "isolation.level": "read_committed", "enable.auto.commit": False}
    consumer: Any = Consumer(reading | {"auto.offset.reset": "earliest", "fetch.wait.max.ms": 50})
    consumer.assign(places := beginning(consumer, events, since))
    while over(clocks, len(places)) < until:
        if not (messages := consumer.consume(BATCH, timeout=0.2)):
            continue
        producer.begin_transaction()
        done: dict[int, int] = {}
        for message in messages:
            if (problem := message.error()) is not None:
                raise KafkaException(problem)  # what was begun is aborted when the next one takes the name
            done[message.partition()] = message.offset() + 1
            if (read := trip_of(message.value())) is None:
                continue
            key, pickup_at, trip = read
            if trip.hour <= over(clocks, len(places)):
                producer.produce(late, message.value(), message.key())
                continue
            clocks[message.partition()] = max(clocks.get(message.partition(), pickup_at), pickup_at)
            if key not in standing or trip > standing[key]:
                standing[key] = trip
                producer.produce(changelog, json.dumps(trip), key)
        for partition in done.keys() & clocks.keys():
            producer.produce(changelog, clocks[partition].isoformat(), f"clock/{partition}")
        finished = {key: trip for key, trip in standing.items() if trip.hour <= over(clocks, len(places))}
        for place, line in sums(finished.values()):
            producer.produce(windows, line, place)
        for key in finished:
            producer.produce(changelog, None, key)  # a tombstone: forget this trip
            del standing[key]
        offsets = [TopicPartition(events, *place) for place in done.items()]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), ANSWER)
        producer.commit_transaction(ANSWER)
    consumer.close()


def over(clocks: dict[int, datetime], partitions: int) -> str:
    """The time up to which hours have begun that are over now; empty while a partition, the slowest, is silent."""
    slowest = min(clocks.values()) if len(clocks) == partitions else None
    return (max(slowest, datetime.min + PATIENCE + HOUR) - PATIENCE - HOUR).isoformat() if slowest else ""


def trip_of(value: bytes | None) -> tuple[str, datetime, Trip] | None:
    """An event as (key, pickup_at, trip); None where it is no valid trip, or cannot be read at all."""
    try:
        row: dict[str, Any] = json.loads(value or b"")
        pickup_at, dropoff_at = (datetime.fromisoformat(row[name]) for name in ("pickup_at", "dropoff_at"))
        zone, distance_m, fare_cents = (index(row[name]) for name in ("pickup_zone", "distance_m", "fare_cents"))
        not_file = [*(255 - byte for byte in row["source_file"].encode()), 256]  # its end sorts before more of it
        age = (row["updated_at"] or "", not_file, -index(row["source_row"]))
        hour, seconds = f"{pickup_at.isoformat()[:13]}:00:00", (dropoff_at - pickup_at) // timedelta(seconds=1)
        key = f"{hour}/{index(row['trip_id'])}"
        fits = pickup_at.tzinfo is None and dropoff_at > pickup_at and distance_m > 0 and fare_cents >= 0
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # the last: [[[[[… without end
        return None
    return (key, pickup_at, Trip(hour, *age, zone, fare_cents, distance_m, seconds)) if fits else None


def sums(trips: Iterable[Trip]) -> Iterator[tuple[str, str]]:
    """Each ("hour,zone", line) of `trips`."""
    for (hour, zone), found in groupby(sorted(trips, key=itemgetter(0, 4)), key=itemgetter(0, 4)):
        *_, fares, distances, seconds = zip(*found, strict=True)
        numbers = (len(fares), sum(fares), sum(distances), sum(seconds), max(fares))
        yield f"{hour},{zone}", ",".join(map(str, (hour, zone, *numbers)))


def restored(shared: dict[str, Any], changelog: str) -> tuple[dict[str, Trip], dict[int, datetime]]:
    """What an earlier consumer remembered when it committed last: standing trips, each partition's newest pickup."""
    admin, asked = AdminClient(shared), NewTopic(changelog, 1, 1, config={"cleanup.policy": "compact"})
    if changelog not in admin.list_topics(timeout=ANSWER).topics:
        admin.create_topics([asked])[changelog].result(ANSWER)
    reading = shared | {"group.id": changelog, "isolation.level": "read_committed", "enable.partition.eof": True}
    consumer: Any = Consumer(reading | {"enable.auto.commit": False})
    consumer.assign([TopicPartition(changelog, 0, 0)])
    kept: dict[str, Any] = {}
    while (message := consumer.poll(ANSWER)) is None or message.error() is None:
        if message is not None:
            kept[message.key().decode()] = message.value()
    consumer.close()
    if message.error().code() != KafkaError._PARTITION_EOF:
        raise KafkaException(message.error())
    clocks = {int(key[6:]): datetime.fromisoformat(kept.pop(key).decode()) for key in list(kept) if key[:6] == "clock/"}
    return {key: Trip(*json.loads(value)) for key, value in kept.items() if value is not None}, clocks


def beginning(consumer: Consumer, topic: str, since: int | None) -> list[TopicPartition]:
    """Where to read on: after the last commit; without one from the time `since`, or from the start."""
    partitions = sorted(consumer.list_topics(topic, timeout=ANSWER).topics[topic].partitions)
    first = [TopicPartition(topic, number, since or 0) for number in partitions]
    first = first if since is None else consumer.offsets_for_times(first, timeout=ANSWER)
    done = consumer.committed([TopicPartition(topic, number) for number in partitions], timeout=ANSWER)
    return [one if one.offset >= 0 else start for one, start in zip(done, first, strict=True)]
