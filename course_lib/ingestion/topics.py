"""How is a Kafka topic read so that a crash loses nothing and repeats nothing?

The reader takes partitions by itself (assign) and remembers nothing on its own: automatic commits are off. A batch is
read, sorted into rows and dead letters, written to a sink together with the positions after it, and only then are the
positions committed to the broker as well. After a crash the sink's positions count; the broker's are for people who
want to see how far behind the reader is.

A broker keeps commits in a topic of its own, which it makes when a group is first asked about, and hands out to one of
its nodes: until that is done it answers "not coordinator". That passes, so such questions are put again (`patiently`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from course_lib.errors import EngineUnavailable
from course_lib.ingestion.dead_letters import sort_letters
from course_lib.ingestion.sink import Sink

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition

ANSWER = 20.0  # seconds that a broker has to answer
MOMENT = 0.02  # seconds: what is here already comes at once; a batch does not wait to be full
PAUSE = 0.1  # seconds between two questions to a broker that is not ready
QUIET = {"log_level": 0}
T = TypeVar("T")


class Record(NamedTuple):
    """A message as it lies on a topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def write(bootstrap: str, topic: str, messages: Iterable[tuple[bytes, bytes | None]]) -> int:
    """Send (key, value) pairs, in their order within a key; the bytes sent. A value of None says: this key is gone.

    The producer is idempotent: its own retries put nothing on the topic twice. Raises EngineUnavailable.
    """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, **QUIET})
    failed: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is not None:
            failed.append(str(error))

    sent = 0
    for key, value in messages:
        while True:
            try:
                producer.produce(topic, key=key, value=value, on_delivery=delivered)
                break
            except BufferError:  # the client's own queue is full: backpressure
                producer.poll(0.1)
        sent += len(key) + len(value or b"")
    left = producer.flush(ANSWER)
    if left or failed:
        raise EngineUnavailable("the Kafka broker", f"{left + len(failed)} messages were not taken: {failed[:1]}")
    return sent


def patiently(ask: Callable[[], T], sleep: Callable[[float], None] = time.sleep, patience: float = ANSWER) -> T:
    """What `ask` returns, asked again while the broker says that it is not ready yet, for `patience` seconds at most.

    Raises EngineUnavailable when it is not ready by then, and what `ask` raises otherwise.
    """
    from confluent_kafka import KafkaError, KafkaException

    passing = {
        KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._WAIT_COORD,
    }  # fmt: skip
    waited = 0.0
    while True:
        try:
            return ask()
        except KafkaException as error:
            told = error.args[0]
            if not told.retriable() and told.code() not in passing:
                raise
            if waited >= patience:
                why = f"Not ready after {patience:.0f} s: {told.str()}"
                raise EngineUnavailable("the Kafka broker", why) from error
        sleep(PAUSE)
        waited += PAUSE


class Reader:
    """All partitions of `topic`, read for `group` from `start` on (partition to offset), else from its commits."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        group: str,
        start: dict[int, int] | None = None,
        auto_commit: bool = False,
    ):
        from confluent_kafka import Consumer

        self.topic = topic
        self._consumer: Consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "enable.auto.commit": auto_commit,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": False,
                "fetch.wait.max.ms": 50,
                **QUIET,
            }
        )
        self.positions = self._begin(start)
        self._consumer.assign([self._place(partition, offset) for partition, offset in self.positions.items()])

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def read(self, most: int, timeout: float = 1.0) -> list[Record]:
        """Up to `most` messages, in order within each partition; none after `timeout` seconds without one."""
        found = []
        first = self._consumer.consume(1, timeout=timeout)
        rest = self._consumer.consume(most - 1, timeout=MOMENT) if first and most > 1 else []
        for message in [*first, *rest]:
            if message.error() is not None:
                raise EngineUnavailable("the Kafka broker", str(message.error()))
            partition, offset = message.partition(), message.offset()
            assert partition is not None and offset is not None  # of every message that is no error
            found.append(Record(partition, offset, message.key(), message.value()))
            self.positions[partition] = offset + 1
        return found

    def ends(self) -> dict[int, int]:
        """For each partition the offset that the next message to be written will have."""
        return {partition: self._end(partition) for partition in self.positions}

    def behind(self) -> int:
        """Messages that are on the topic and were not read yet."""
        return sum(max(end - self.positions[partition], 0) for partition, end in self.ends().items())

    def commit(self) -> None:
        """Tell the broker that everything that was read is done."""
        places = [self._place(partition, offset) for partition, offset in self.positions.items()]
        patiently(lambda: self._consumer.commit(offsets=places, asynchronous=False))

    def close(self) -> None:
        """Let go of the topic. With automatic commits this commits whatever was handed out, done or not."""
        self._consumer.close()

    def _begin(self, start: dict[int, int] | None) -> dict[int, int]:
        found = self._consumer.list_topics(self.topic, timeout=ANSWER).topics[self.topic]
        if found.error is not None or not found.partitions:
            raise EngineUnavailable(f"the topic {self.topic}", "Write to it first, or make it.")
        wanted = [self._place(partition) for partition in sorted(found.partitions)]
        told = patiently(lambda: self._consumer.committed(wanted, timeout=ANSWER))
        known = {place.partition: place.offset for place in told}
        return {partition: (start or {}).get(partition, max(offset, 0)) for partition, offset in known.items()}

    def _end(self, partition: int) -> int:
        return patiently(lambda: self._consumer.get_watermark_offsets(self._place(partition), timeout=ANSWER))[1]

    def _place(self, partition: int, offset: int | None = None) -> TopicPartition:
        from confluent_kafka import TopicPartition

        if offset is None:
            return TopicPartition(self.topic, partition)
        return TopicPartition(self.topic, partition, offset)


class Consumed(NamedTuple):
    """What came off a topic."""

    rows: int
    dead: int
    bytes: int


def consume_topic(
    bootstrap: str,
    topic: str,
    group: str,
    sink: Sink,
    read: Callable[[bytes | None], dict[str, Any]],
    key: str,
    batch: int = 500,
    between: Callable[[str], None] = lambda step: None,
) -> Consumed:
    """Bring everything that is on `topic` now into `sink`, after what it has already; rows by their column `key`.

    read      one message's value as a row; raises ValueError, KeyError or TypeError for what cannot be read
    between   is called before each step (read, write, commit) with its name: a place to be killed at in a rehearsal
    """
    told = sink.checkpoint(topic) or {}
    rows = dead = size = 0
    with Reader(bootstrap, topic, group, {int(place): offset for place, offset in told.items()}) as reader:
        ends = reader.ends()
        while any(reader.positions[partition] < end for partition, end in ends.items()):
            between("read")
            records = reader.read(batch)
            found = sort_letters(_letters(records), read, topic)
            between("write")
            sink.write(topic, reader.positions, {row[key]: row for row in found.good}, found.dead)
            between("commit")
            reader.commit()
            rows, dead = rows + len(found.good), dead + len(found.dead)
            size += sum(len(record.key or b"") + len(record.value or b"") for record in records)
    return Consumed(rows, dead, size)


def _letters(records: Sequence[Record]) -> list[tuple[str, bytes | None]]:
    return [(f"{record.partition}/{record.offset}", record.value) for record in records]
