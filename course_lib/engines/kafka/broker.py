"""How is a real Apache Kafka broker had on a laptop, for as long as somebody needs it?

One node that is broker and controller at once (KRaft: Kafka keeps its own metadata, no ZooKeeper), on a JVM, listening
on two free ports of loopback. Its jars are pinned in jars.lock, in the cache folder after `course engines install
kafka`. It ends with the process that started it, also when that is killed (ingestion/keeper.py); what it was told is in
a temporary folder that goes with it, unless a folder is named.

    with start() as broker:
        producer = Producer({"bootstrap.servers": broker.bootstrap})

Nothing ages here: retention is off, because trips of 2020 are replayed with the times of 2020, and a broker that keeps
a week would delete them at once.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import signal
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from course_lib.engines import jars, registry
from course_lib.engines.java import java_home
from course_lib.errors import EngineUnavailable, OutputUnwritable
from course_lib.ingestion.keeper import Keeper, wait_until

STARTUP = 120.0  # seconds; 5 is usual, more on a machine with ten programs to a core
_ANSWER = 5.0  # seconds that one question to the broker may take while it starts
_ATTEMPTS = 5  # a free port may be taken by somebody else before the broker has it
_PARTITIONS = 4  # of a topic that comes into being when it is first written to
_HEAP = ("-Xms64m", "-Xmx512m")
_JVM = (
    "-XX:+UseSerialGC",  # two cores and a small heap: threads for collecting would only be in the way
    "-XX:TieredStopAtLevel=1",  # starts a third faster; a broker of a lesson lives for minutes
    "-XX:-UsePerfData",  # no file in /tmp
    "-Djava.awt.headless=true",
)

# What makes one small node of it. Replication is 1, because there is one.
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "num.partitions": _PARTITIONS,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "log.retention.ms": -1,
    "log.message.timestamp.after.max.ms": 2**63 - 1,  # events may also be dated in the future of this machine
    "log.cleaner.backoff.ms": 200,  # compaction is a lesson: somebody waits for it
    "log.cleaner.dedupe.buffer.size": 16 * 2**20,
    "group.initial.rebalance.delay.ms": 0,  # the default waits 3 s for more members
    "group.min.session.timeout.ms": 1000,  # so that a dead consumer is noticed within a lesson
    "group.consumer.min.session.timeout.ms": 1000,
    "group.consumer.heartbeat.interval.ms": 1000,  # and a new one gets its share within two
    "group.consumer.min.heartbeat.interval.ms": 1000,
    "queued.max.requests": 100,
}


class Broker:
    """A running broker; `with` ends it.

    bootstrap  host:port
    version    of Apache Kafka
    data       the folder of its logs
    """

    def __init__(self, bootstrap: str, data: Path, keeper: Keeper):
        self.bootstrap, self.data = bootstrap, data
        self.version = registry.find("kafka").version
        self._keeper = keeper

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._keeper.running

    @property
    def pid(self) -> int:
        """The process id of the JVM. Raises EngineUnavailable where it has ended."""
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._keeper.pid).children():
                return child.pid
        self._keeper.check()
        raise EngineUnavailable("the Kafka broker", "It has ended; start another one.")

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL); a broker that is started on the same folder has to recover."""
        os.kill(self.pid, signal.SIGKILL)
        self._keeper.wait_for_end(STARTUP)
        self.stop()

    def stop(self) -> None:
        """End it; safe to call twice."""
        self._keeper.stop()


def start(folder: str | Path | None = None, port: int = 0) -> Broker:
    """A broker that answers.

    folder   keeps topics, groups and transactions from one start to the next; without one they go with the broker
    port     for its clients; 0 takes a free one
    raises   EngineUnavailable where Java or the jars are missing, or the broker does not come up (`port` in use,
             `folder` in use by another broker); OutputUnwritable where `folder` is none
    """
    program = [str(java_home() / "bin" / "java"), *_HEAP, *_JVM]
    classes = f"{jars.folder_of(registry.find('kafka'))}/*"
    kept = _folder(folder)
    with _lock(kept) as lock:
        for attempt in range(_ATTEMPTS):
            with _free_ports(port) as ports:
                pass  # closed again: the broker opens them
            try:
                return _start(program, classes, kept, ports, lock)
            except EngineUnavailable as error:
                if port or attempt == _ATTEMPTS - 1 or "Address already in use" not in str(error):
                    raise
    raise AssertionError("the last attempt returns or raises")


def _start(program: list[str], classes: str, kept: Path | None, ports: tuple[int, int], lock: list[int]) -> Broker:
    scratch = Path(tempfile.mkdtemp(prefix="course-kafka-"))
    data = (kept or scratch) / "data"
    cluster = _cluster(data)
    settings = scratch / "server.properties"
    settings.write_text(_properties(data, *ports), "utf-8")
    program = [*program, f"-Djava.io.tmpdir={scratch}", *_logging(scratch), "-cp", classes]
    steps = [[*program, "kafka.Kafka", str(settings)]]
    if not (data / "meta.properties").is_file():
        steps.insert(0, [*program, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)])
    # What is thrown away afterwards needs no orderly end, which takes seconds.
    ending = signal.SIGTERM if kept else signal.SIGKILL
    keeper = Keeper("the Kafka broker", steps, scratch, ending=ending, pass_fds=lock)
    try:
        bootstrap = f"127.0.0.1:{ports[0]}"
        since = time.monotonic()
        while not wait_until(_answers(ports[0], cluster), keeper, since, STARTUP):
            pass
    except BaseException:
        keeper.stop()
        raise
    return Broker(bootstrap, data, keeper)


def _properties(data: Path, port: int, controller: int) -> str:
    told = _SETTINGS | {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": _escaped(str(data)),
    }
    return "".join(f"{name}={value}\n" for name, value in told.items())


def _escaped(path: str) -> str:
    """A path as a value in a .properties file; a comma would end it, and Kafka has no way around that."""
    if "," in path:
        raise OutputUnwritable(path, "Kafka reads a comma in it as the end of one folder", "Choose another folder.")
    return "".join(f"\\u{ord(c):04x}" if c in "\\ #!=:" or not c.isascii() or not c.isprintable() else c for c in path)


def _logging(scratch: Path) -> list[str]:
    """Warnings go where the keeper reads a broker's last words; what it does all day goes nowhere."""
    told = scratch / "log4j2.properties"
    told.write_text(
        "rootLogger.level = warn\nrootLogger.appenderRef.out.ref = out\n"
        "appender.out.type = Console\nappender.out.name = out\n"
        "appender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %p %c{1}: %m%n%throwable{8}\n",
        "utf-8",
    )
    return [f"-Dlog4j2.configurationFile={told}", "-Dlog4j2.disableJmx=true"]


def _folder(folder: str | Path | None) -> Path | None:
    if folder is None:
        return None
    kept = Path(folder).expanduser().absolute()
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OutputUnwritable(kept, why, "Choose another folder for the broker.") from error
    return kept


@contextlib.contextmanager
def _lock(kept: Path | None) -> Iterator[list[int]]:
    """The folder's lock, as an open file: who inherits it holds it until its end, also when we have closed ours.

    Kafka 4.4 has a lock, too, but takes it when it has written to the log of its metadata: that ends a broker that is
    there already, and mixes the records of both.
    """
    if kept is None:
        yield []
        return
    try:
        file = (kept / "lock").open("a")
    except OSError as error:
        raise OutputUnwritable(kept, (error.strerror or str(error)).lower(), "Choose another folder.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            why = f"Another one holds the lock of {kept}. Stop that one, or choose another folder."
            raise EngineUnavailable("the Kafka broker", why) from error
        yield [file.fileno()]


def _cluster(data: Path) -> str:
    """The cluster's name: the one it has already, or a new one. By it we tell our broker from a stranger's."""
    with contextlib.suppress(OSError):
        for line in (data / "meta.properties").read_text("utf-8").splitlines():
            if line.startswith("cluster.id="):
                return line.partition("=")[2].strip()
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not name.startswith("-"):  # the command line would take it for an option
            return name


@contextlib.contextmanager
def _free_ports(port: int) -> Iterator[tuple[int, int]]:
    with socket.socket() as ours, socket.socket() as controller:
        for one, number in ((ours, port), (controller, 0)):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", number))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                why = f"Port {number} of loopback: {(error.strerror or '').lower()}. Choose another one, or 0."
                raise EngineUnavailable("a place for the Kafka broker", why) from error
        yield ours.getsockname()[1], controller.getsockname()[1]


def _answers(port: int, cluster: str) -> bool:
    """Whether our broker takes questions at `port`, also about groups: it makes their topic when first asked."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_ANSWER).close()
    except OSError:
        return False
    from confluent_kafka import Consumer, KafkaException, TopicPartition

    asker = Consumer({"bootstrap.servers": f"127.0.0.1:{port}", "group.id": "is-it-up", "log_level": 0})
    try:
        found = asker.list_topics(timeout=_ANSWER)
        asker.committed([TopicPartition("is-it-up", 0)], timeout=_ANSWER)
        return bool(found.brokers) and found.cluster_id == cluster
    except KafkaException:
        return False
    finally:
        asker.close()
