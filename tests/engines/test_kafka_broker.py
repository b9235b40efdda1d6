"""Does the real broker keep the promises that the course builds on?"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from course_lib.engines.jars import folder_of
from course_lib.engines.kafka.broker import Broker, start
from course_lib.engines.watching import is_loopback, listening
from course_lib.errors import EngineUnavailable, OutputUnwritable
from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.sink import Sink
from course_lib.ingestion.topics import Reader, consume_topic, write
from tests.engines.contract import ready

pytestmark = pytest.mark.full
ANSWER = 30.0
NUMBERS = count()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One for all tests, in a folder with a name that a .properties file would misread."""
    ready("kafka")
    with start(tmp_path_factory.mktemp("kafka") / "größe #1=a\\b: !") as found:
        yield found


@pytest.fixture
def topic() -> str:
    return f"topic-{next(NUMBERS)}"


def make(broker: Broker, topic: str, partitions: int = 1, **config: str) -> str:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    told = {name.replace("_", "."): value for name, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=told)])[topic].result(ANSWER)
    return topic


def producer(broker: Broker, **more: object) -> Producer:
    return Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0, **more})


def reader(broker: Broker, group: str, **more: object) -> Consumer:
    asked = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 0}
    return Consumer({"bootstrap.servers": broker.bootstrap, **asked, **more})


def all_of(broker: Broker, topic: str, isolation: str = "read_committed") -> list[bytes]:
    """The values on a topic, partition after partition."""
    consumer = reader(broker, "all", **{"isolation.level": isolation, "enable.partition.eof": True})
    places = [
        TopicPartition(topic, number, 0) for number in consumer.list_topics(topic, ANSWER).topics[topic].partitions
    ]
    values, ends = [], 0
    consumer.assign(places)
    while ends < len(places):
        message = consumer.poll(ANSWER)
        assert message is not None
        if message.error() is None:
            values.append(message.value())
        else:
            assert message.error().code() == KafkaError._PARTITION_EOF
            ends += 1
    consumer.close()
    return values


def test_it_is_apache_kafka_on_loopback_only(broker: Broker):
    found = listening([psutil.Process(broker.pid)])

    assert broker.version[0] == "4"
    assert len(found) == 2
    assert all(is_loopback(ip) for ip, _ in found)
    assert broker.bootstrap in {f"127.0.0.1:{port}" for _, port in found}


def test_a_key_has_one_partition_and_keeps_its_order(broker: Broker, topic: str):
    make(broker, topic, partitions=4)
    write(broker.bootstrap, topic, [(str(i % 50).encode(), str(i).encode()) for i in range(2000)])
    with Reader(broker.bootstrap, topic, "g") as found:
        records: list = []
        while found.behind():
            records += found.read(500)

    assert {record.partition for record in records} == {0, 1, 2, 3}
    for key in range(50):
        own = [record for record in records if record.key == str(key).encode()]
        assert len({record.partition for record in own}) == 1
        assert [int(record.value) for record in own] == list(range(key, 2000, 50))


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_shares_partitions_and_those_of_a_dead_member_go_to_the_others(
    broker: Broker, topic: str, protocol: str
):
    make(broker, topic, partitions=4)
    asked = {"group.protocol": protocol}
    if protocol == "classic":
        asked |= {"session.timeout.ms": "6000", "partition.assignment.strategy": "cooperative-sticky"}
    first, second = (reader(broker, f"{topic}-g", **asked) for _ in range(2))
    held: dict[str, set[int]] = {}

    def settle(wanted: list[int], *members: Consumer) -> None:
        until = time.monotonic() + 60
        while True:
            for member in members:
                member.poll(0.05)
            held["now"] = {place.partition for member in members for place in member.assignment()}
            if sorted(len(member.assignment()) for member in members) == wanted and held["now"] == {0, 1, 2, 3}:
                return
            assert time.monotonic() < until, [member.assignment() for member in members]

    first.subscribe([topic])
    settle([4], first)
    second.subscribe([topic])
    settle([2, 2], first, second)
    first.close()
    settle([4], second)
    second.close()


def test_an_aborted_transaction_is_seen_by_nobody_who_reads_committed_records(broker: Broker, topic: str):
    make(broker, topic)
    transactional = producer(broker, **{"transactional.id": topic})
    transactional.init_transactions(ANSWER)
    for value, commit in ((b"first", True), (b"never", False), (b"second", True)):
        transactional.begin_transaction()
        transactional.produce(topic, value)
        transactional.flush(ANSWER)  # it is on the topic, whatever comes of it
        if commit:
            transactional.commit_transaction(ANSWER)
        else:
            transactional.abort_transaction(ANSWER)

    assert all_of(broker, topic) == [b"first", b"second"]
    assert all_of(broker, topic, "read_uncommitted") == [b"first", b"never", b"second"]


def test_a_zombie_is_fenced(broker: Broker, topic: str):
    make(broker, topic)
    zombie, heir = (producer(broker, **{"transactional.id": topic}) for _ in range(2))
    zombie.init_transactions(ANSWER)
    zombie.begin_transaction()
    zombie.produce(topic, b"of the zombie")
    zombie.flush(ANSWER)
    heir.init_transactions(ANSWER)  # it takes over, because the first one seems dead
    heir.begin_transaction()
    heir.produce(topic, b"of the heir")
    heir.commit_transaction(ANSWER)

    with pytest.raises(KafkaException) as failed:
        zombie.commit_transaction(ANSWER)
    assert failed.value.args[0].fatal()
    assert failed.value.args[0].code() == KafkaError._FENCED
    assert all_of(broker, topic) == [b"of the heir"]


def test_positions_are_committed_with_what_was_made_of_the_records_or_not_at_all(broker: Broker, topic: str):
    make(broker, topic)
    made = make(broker, f"{topic}-made")
    write(broker.bootstrap, topic, [(b"k", str(i).encode()) for i in range(10)])
    for commit in (False, True):
        consumer = reader(broker, f"{topic}-g")
        consumer.subscribe([topic])
        handed = consumer.consume(10, timeout=ANSWER)
        transactional = producer(broker, **{"transactional.id": topic})
        transactional.init_transactions(ANSWER)
        transactional.begin_transaction()
        for message in handed:
            transactional.produce(made, message.value())
        transactional.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), ANSWER
        )
        if commit:
            transactional.commit_transaction(ANSWER)
        else:
            transactional.abort_transaction(ANSWER)
        consumer.close()

        assert len(handed) == 10  # the second time as well: the first left no position behind
    assert all_of(broker, made) == [str(i).encode() for i in range(10)]


def test_compaction_keeps_the_newest_of_every_key_and_forgets_what_was_deleted(broker: Broker, topic: str):
    tight = {"segment_bytes": "1048576", "min_cleanable_dirty_ratio": "0.01", "delete_retention_ms": "0"}
    make(broker, topic, cleanup_policy="compact", segment_ms="100", **tight)
    write(broker.bootstrap, topic, [(str(i % 5).encode(), f"{i}".encode() * 50) for i in range(1000)])
    write(broker.bootstrap, topic, [(b"3", None)])
    until = time.monotonic() + 60
    left: list[bytes] = []
    while len(left) != 5 + 1 and time.monotonic() < until:
        write(broker.bootstrap, topic, [(b"tick", b"")])  # only a segment that was rolled is cleaned
        time.sleep(0.3)
        left = [value for value in all_of(broker, topic) if value != b""]
        if len(left) <= 4:
            break

    assert sorted(left) == sorted(f"{i}".encode() * 50 for i in (995, 996, 997, 999))


def test_a_place_is_found_by_its_time(broker: Broker, topic: str):
    make(broker, topic)
    writer = producer(broker)
    times = [1_601_539_200_000 + 60_000 * minute for minute in range(100)]  # of October 2020
    for at in times:
        writer.produce(topic, str(at).encode(), timestamp=at)
    writer.flush(ANSWER)
    consumer = reader(broker, "by time")
    asked = [times[0] - 1, times[40], times[40] + 1, times[-1], times[-1] + 1]
    found = [consumer.offsets_for_times([TopicPartition(topic, 0, at)], ANSWER)[0].offset for at in asked]
    consumer.close()

    assert found == [0, 40, 41, 99, -1]


KILLED = """
import json, os, signal, sys
from pathlib import Path
from course_lib.ingestion.sink import Sink
from course_lib.ingestion.topics import consume_topic
bootstrap, topic, sink, step = sys.argv[1:]
calls = 0
def between(name):
    global calls
    calls += name == step
    if calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)
with Sink(Path(sink)) as kept:
    consume_topic(bootstrap, topic, "g", kept, json.loads, "trip_id", 100, between)
"""


@pytest.mark.parametrize("step", ["write", "commit"])
def test_a_consumer_killed_half_way_loses_and_repeats_nothing(broker: Broker, topic: str, tmp_path: Path, step: str):
    make(broker, topic, partitions=4)
    write(broker.bootstrap, topic, [(str(i).encode(), f'{{"trip_id": {i}}}'.encode()) for i in range(1000)])
    command = [sys.executable, "-c", KILLED, broker.bootstrap, topic, str(tmp_path / "sink.db"), step]
    ended = subprocess.run(command, check=False, timeout=120).returncode
    with Sink(tmp_path / "sink.db") as sink:
        before = len(sink.rows())
        rest = consume_topic(broker.bootstrap, topic, "g", sink, lambda value: eval(value or b""), "trip_id")  # noqa: S307

        assert ended == -signal.SIGKILL
        assert 0 < before < 1000
        assert rest.rows == 1000 - before
        assert sorted(sink.rows()) == list(range(1000))


def test_a_killed_broker_loses_nothing_that_it_acknowledged(topic: str, tmp_path: Path):
    ready("kafka")
    acknowledged: list[int] = []

    def told(number: int):
        return lambda error, _: None if error else acknowledged.append(number)

    with start(tmp_path / "kept") as first:
        make(first, topic, partitions=2)
        writer = producer(first, acks="all", **{"enable.idempotence": True})
        committed = reader(first, "g")
        committed.commit(offsets=[TopicPartition(topic, 0, 7)], asynchronous=False)
        port = int(first.bootstrap.rpartition(":")[2])
        over = threading.Event()

        def keep_writing() -> None:
            for number in range(20_000):
                writer.produce(topic, str(number).encode(), on_delivery=told(number))
                writer.poll(0.01 if number % 20 == 0 else 0)
                if over.is_set():
                    return

        thread = threading.Thread(target=keep_writing)
        thread.start()
        while len(acknowledged) < 2000:
            time.sleep(0.01)
        first.kill()
    with start(tmp_path / "kept", port) as second:
        over.set()
        thread.join()
        left = writer.flush(60)  # the same producer goes on: what was under way is sent again, and stored once
        values = [int(value) for value in all_of(second, topic)]
        kept = reader(second, "g").committed([TopicPartition(topic, 0)], ANSWER)[0].offset

    assert left == 0
    assert set(acknowledged) <= set(values)
    assert len(values) == len(set(values))
    assert kept == 7


def test_a_broker_that_is_told_to_end_closes_its_books_and_keeps_what_it_has(topic: str, tmp_path: Path):
    """Also while somebody reads. Kafka marks logs that it closed itself; one that had to be killed leaves no mark."""
    ready("kafka")
    with start(tmp_path / "kept") as first:
        make(first, topic, partitions=2)
        write(first.bootstrap, topic, [(str(i).encode(), str(i).encode()) for i in range(1000)])
        group = reader(first, "g")
        group.subscribe([topic])
        handed = group.consume(1000, timeout=ANSWER)
        group.commit(asynchronous=False)
        first.stop()
        closed = (first.data / ".kafka_cleanshutdown").is_file()
        port = int(first.bootstrap.rpartition(":")[2])
    with start(tmp_path / "kept", port) as second:
        group.close()  # it waits for a broker to tell that it goes
        values = [int(value or b"") for value in all_of(second, topic)]
        positions = reader(second, "g").committed([TopicPartition(topic, number) for number in (0, 1)], ANSWER)

    assert closed
    assert sorted(values) == list(range(1000))
    assert sum(place.offset for place in positions) == len(handed) == 1000


def test_the_command_starts_one_that_outlives_it_and_the_other_command_ends_it(tmp_path: Path):
    jars = folder_of(ready("kafka"))
    mine = tmp_path / "cache" / "engines"
    mine.mkdir(parents=True)
    (mine / jars.name.partition(".")[0]).symlink_to(jars.resolve())  # a broker of the user's may run on the other cache

    def course(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "course_lib.cli", "kafka", *words]
        told = os.environ | {"COURSE_CACHE": str(tmp_path / "cache")}
        ran = subprocess.run(command, env=told, capture_output=True, text=True, timeout=300, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    assert course("stop") == (0, "No broker runs.\n")
    try:
        code, said = course("start", "--data", str(tmp_path / "kept"))
        again = course("start")
        up, where = course("status")
        service = psutil.Process(int(re.findall(r"process (\d+)", where)[0]))
        family = [service, *service.children(recursive=True)]
        found = listening(family)
    finally:
        ended = course("stop")

    bootstrap = re.findall(r"127\.0\.0\.1:\d+", said)[0]
    assert (code, again, up) == (0, (0, said), 0)
    assert bootstrap in where
    assert len(found) == 2
    assert all(is_loopback(ip) for ip, _ in found)
    assert ended == (0, f"The broker at {bootstrap} has ended.\n")
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert course("status")[0] == 1
    assert (tmp_path / "kept" / "data" / ".kafka_cleanshutdown").is_file()


def test_what_started_it_takes_it_along_also_when_it_is_killed(tmp_path: Path):
    ready("kafka")
    program = (
        "import sys, tempfile, time\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "from course_lib.engines.kafka.broker import start\n"
        "print(start().pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        java = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    java.wait(60)
    until = time.monotonic() + 30
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)

    assert list(tmp_path.iterdir()) == []


def test_its_folder_is_where_it_was_told_to_be_and_for_one_broker_at_a_time(broker: Broker, topic: str):
    """Kafka's own lock comes too late: the second broker has by then written to the metadata of the first."""
    assert (broker.data / "meta.properties").is_file()
    before = sorted(path for path in broker.data.rglob("*") if "__cluster_metadata" in str(path))
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="Another one holds the lock"):
            start(broker.data.parent)

    assert broker.running
    assert sorted(path for path in broker.data.rglob("*") if "__cluster_metadata" in str(path)) == before
    write(broker.bootstrap, make(broker, topic), [(b"k", b"v")])
    assert all_of(broker, topic) == [b"v"]


def test_a_folder_is_free_again_when_its_broker_was_killed(tmp_path: Path):
    ready("kafka")
    with start(tmp_path) as first:
        with pytest.raises(EngineUnavailable, match="lock"):
            start(tmp_path)
        first.kill()
        with start(tmp_path) as second:
            assert second.running


def test_a_port_that_is_taken_is_said(broker: Broker):
    port = int(broker.bootstrap.rpartition(":")[2])
    with pytest.raises(EngineUnavailable, match=f"Port {port}"):
        start(port=port)


def test_a_folder_that_kafka_cannot_name_is_refused(tmp_path: Path):
    ready("kafka")
    with pytest.raises(OutputUnwritable, match="comma"):
        start(tmp_path / "a,b")


def test_the_second_chapter_gets_the_real_broker(broker: Broker, monkeypatch: pytest.MonkeyPatch):
    with LocalKafka() as found:
        assert found.is_real
        assert found.kind == f"Apache Kafka {broker.version}"
        write(found.bootstrap, "new", [(b"k", b"v")])
        with Reader(found.bootstrap, "new", "g") as records:
            assert len(records.ends()) == 4
            assert [record.value for record in records.read(10, timeout=ANSWER)] == [b"v"]


def test_without_its_jars_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="course engines install kafka"):
        start()
    with LocalKafka() as found:
        assert not found.is_real
