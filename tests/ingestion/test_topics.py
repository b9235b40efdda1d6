"""Does a topic come into the sink whole and once, through crashes?"""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from course_lib.errors import EngineUnavailable
from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.sink import Sink
from course_lib.ingestion.topics import Reader, consume_topic, patiently, write

NUMBERS = count()


class Killed(BaseException): ...


@pytest.fixture
def topic() -> str:
    return f"trips-{next(NUMBERS)}"


def messages(n: int) -> list[tuple[bytes, bytes]]:
    return [(str(key).encode(), json.dumps({"trip_id": key}).encode()) for key in range(n)]


def test_a_topic_comes_whole_into_the_sink(kafka: LocalKafka, topic: str, tmp_path: Path):
    sent = write(kafka.bootstrap, topic, messages(700))
    with Sink(tmp_path / "sink.db") as sink:
        first = consume_topic(kafka.bootstrap, topic, "g", sink, json.loads, "trip_id", batch=100)
        second = consume_topic(kafka.bootstrap, topic, "g", sink, json.loads, "trip_id")

        assert sorted(sink.rows()) == list(range(700))
    assert (first.rows, first.dead, first.bytes) == (700, 0, sent)
    assert second.rows == 0


@pytest.mark.parametrize("step", ["read", "write", "commit"])
def test_a_kill_between_any_two_steps_loses_and_repeats_nothing(
    kafka: LocalKafka, topic: str, tmp_path: Path, step: str
):
    write(kafka.bootstrap, topic, messages(120))
    kills = count()

    def between(name: str) -> None:
        if name == step and next(kills) == 1:
            raise Killed

    with Sink(tmp_path / "sink.db") as sink:
        with pytest.raises(Killed):
            consume_topic(kafka.bootstrap, topic, "g", sink, json.loads, "trip_id", 50, between)
        consume_topic(kafka.bootstrap, topic, "g", sink, json.loads, "trip_id", 50)

        assert sorted(sink.rows()) == list(range(120))


def test_what_cannot_be_read_is_kept_with_its_place_and_stops_nobody(kafka: LocalKafka, topic: str, tmp_path: Path):
    bad = [(b"x", b"{not json"), (b"y", None), (b"z", b'{"id": 3}')]
    write(kafka.bootstrap, topic, [*messages(5), *bad, (b"9", b'{"trip_id": 9}')])

    def read(value: bytes | None) -> dict:
        if value is None:
            raise ValueError("no value")
        row = json.loads(value)
        return {"trip_id": row["trip_id"]}

    with Sink(tmp_path / "sink.db") as sink:
        found = consume_topic(kafka.bootstrap, topic, "g", sink, read, "trip_id")
        dead = sink.dead()

        assert sorted(sink.rows()) == [0, 1, 2, 3, 4, 9]
    assert (found.rows, found.dead) == (6, 3)
    assert {letter.payload for letter in dead} == {b"{not json", None, b'{"id": 3}'}
    assert all("/" in letter.place and letter.reason for letter in dead)


def test_a_mistake_in_the_reader_buries_nothing(kafka: LocalKafka, topic: str, tmp_path: Path):
    write(kafka.bootstrap, topic, messages(3))

    def read(value: bytes | None) -> dict:
        raise AttributeError("a typo")

    with Sink(tmp_path / "sink.db") as sink:
        with pytest.raises(AttributeError):
            consume_topic(kafka.bootstrap, topic, "g", sink, read, "trip_id")
        assert (sink.dead(), sink.checkpoint(topic)) == ([], None)


def test_order_is_kept_within_a_key(kafka: LocalKafka, topic: str):
    write(kafka.bootstrap, topic, [(str(i % 7).encode(), str(i).encode()) for i in range(100)])
    with Reader(kafka.bootstrap, topic, "g") as reader:
        found: list = []
        while reader.behind():
            found += reader.read(100)

    for key in range(7):
        told = [int(record.value) for record in found if record.key == str(key).encode()]
        assert told == sorted(told)
        assert len({record.partition for record in found if record.key == str(key).encode()}) == 1


def test_automatic_commits_lose_what_was_handed_out_and_not_done(kafka: LocalKafka, topic: str):
    write(kafka.bootstrap, topic, messages(100))
    with Reader(kafka.bootstrap, topic, "careless", auto_commit=True) as reader:
        handed = 0
        while handed < 100:
            handed += len(reader.read(100))  # dies here, before it has done anything with them
    with Reader(kafka.bootstrap, topic, "careless") as reader:
        assert reader.behind() == 0
    with Reader(kafka.bootstrap, topic, "careful") as reader:
        assert reader.behind() == 100


def test_commits_tell_the_next_reader_where_to_go_on(kafka: LocalKafka, topic: str):
    write(kafka.bootstrap, topic, messages(50))
    with Reader(kafka.bootstrap, topic, "g") as reader:
        while reader.behind():
            reader.read(50)
        reader.commit()
    with Reader(kafka.bootstrap, topic, "g") as reader:
        assert reader.behind() == 0


def not_ready(*codes: int) -> Callable[[], str]:
    """A question that a broker answers with these errors, one after the other, and then with "here"."""
    left = list(codes)

    def ask() -> str:
        if left:
            raise KafkaException(KafkaError(left.pop(0)))
        return "here"

    return ask


def test_a_broker_that_is_not_ready_is_asked_again():
    slept: list[float] = []
    ask = not_ready(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE)

    assert patiently(ask, slept.append) == "here"
    assert len(slept) == 2


def test_what_would_fail_again_is_not_asked_again():
    slept: list[float] = []
    with pytest.raises(KafkaException):
        patiently(not_ready(KafkaError.GROUP_AUTHORIZATION_FAILED), slept.append)

    assert slept == []


def test_patience_has_an_end():
    slept: list[float] = []
    with pytest.raises(EngineUnavailable, match="Not ready after 2 s"):
        patiently(not_ready(*[KafkaError.NOT_COORDINATOR] * 999), slept.append, patience=2)

    assert 19 <= len(slept) <= 21


@pytest.mark.full
def test_a_new_broker_answers_each_new_group_and_topic(tmp_path: Path):
    """What chapter 2 does with a broker, in its order; the real one is asked by groups that it has never heard of."""
    with LocalKafka() as kafka, Sink(tmp_path / "sink.db") as sink:
        if not kafka.is_real:
            pytest.skip(f"no Apache Kafka here ({kafka.why}): course engines install kafka")
        for topic in ("first", "second"):
            write(kafka.bootstrap, topic, messages(300))
            with Reader(kafka.bootstrap, topic, f"careless-{topic}", auto_commit=True) as reader:
                handed = len(reader.read(200))
            with Reader(kafka.bootstrap, topic, f"careless-{topic}") as reader:
                assert reader.behind() == 300 - handed
            consume_topic(kafka.bootstrap, topic, f"careful-{topic}", sink, json.loads, "trip_id")
            with Reader(kafka.bootstrap, topic, f"careful-{topic}") as reader:
                assert reader.behind() == 0
        assert sorted(sink.rows()) == list(range(300))
