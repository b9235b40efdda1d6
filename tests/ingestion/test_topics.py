"""Does a topic come into the sink whole and once, through crashes?"""

import json
from itertools import count
from pathlib import Path

import pytest

from course_lib.errors import EngineUnavailable
from course_lib.ingestion import local_kafka
from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.sink import Sink
from course_lib.ingestion.topics import Reader, consume_topic, write

NUMBERS = count()


class Killed(BaseException): ...


@pytest.fixture
def topic() -> str:
    return f"trips-{next(NUMBERS)}"


def messages(n: int) -> list[tuple[bytes, bytes]]:
    return [(str(key).encode(), json.dumps({"trip_id": key}).encode()) for key in range(n)]


def test_the_broker_says_which_it_is(kafka: LocalKafka):
    assert kafka.kind.startswith("librdkafka's mock cluster")
    assert not kafka.is_real


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


def test_a_real_broker_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    class Real:
        bootstrap, version, stopped = "127.0.0.1:9", "4.1", False

        def stop(self) -> None:
            self.stopped = True

    class Module:
        broker = Real()

        def start(self) -> Real:
            return self.broker

    module = Module()
    monkeypatch.setattr(local_kafka.importlib, "import_module", lambda name: module)
    with LocalKafka() as found:
        assert (found.kind, found.bootstrap, found.is_real) == ("Apache Kafka 4.1", "127.0.0.1:9", True)
    assert module.broker.stopped


def test_where_the_real_broker_lacks_a_part_the_mock_cluster_is_taken(monkeypatch: pytest.MonkeyPatch):
    class Module:
        def start(self) -> None:
            raise EngineUnavailable("Java", "Install it.")

    monkeypatch.setattr(local_kafka.importlib, "import_module", lambda name: Module())
    with LocalKafka() as found:
        assert not found.is_real
