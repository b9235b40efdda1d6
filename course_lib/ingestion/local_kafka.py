"""How does a notebook get a Kafka broker, and which one is it?

Where Java and Kafka's jars are installed, the real broker runs (`REAL` names the module that starts it; it is looked up
when a broker is asked for, and not before). Otherwise librdkafka's own mock cluster does, which its developers test the
client with: a broker inside this process that speaks Kafka's protocol over loopback and keeps everything in
memory. It lives as long as the producer that made it, and dies with this process, however that ends.

A real broker that does not come up, for whatever reason of its own, is no reason for a chapter to stop: the mock
cluster takes its place and `why` says what was wrong. What it lacks matters in one place: it answers no question about
offsets by time.

A JVM needs 5 to 20 seconds to start, so the broker starts in the background: whoever asks for its address waits for it.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import TracebackType
from typing import Any, Protocol

from course_lib.errors import EngineUnavailable

REAL = "course_lib.engines.kafka.broker"  # with start() -> Broker
PARTITIONS = 4  # of a topic that comes into being when it is first written to
_ANSWER = 20.0  # seconds


class Broker(Protocol):
    """What a real broker's module returns."""

    bootstrap: str  # host:port
    version: str

    def stop(self) -> None: ...


class LocalKafka:
    """A Kafka broker of this process, from `start` to `stop`; `start` returns at once, the properties wait.

    with LocalKafka() as kafka:
        write(kafka.bootstrap, "trips", [(b"7", b"...")])

    real    False asks for the mock cluster, which is there in a moment
    """

    def __init__(self, real: bool = True):
        self._allow_real = real
        self._thread: threading.Thread | None = None
        self._broker: Broker | None = None
        self._mock: Any = None
        self._forget()

    def __enter__(self) -> LocalKafka:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> LocalKafka:
        """Start the real broker, or the mock cluster where there is none, in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._start, name="starts a Kafka broker", daemon=True)
            self._thread.start()
        return self

    @property
    def bootstrap(self) -> str:
        """Its address, host:port. Waits until it is up; raises EngineUnavailable where there is none at all."""
        return self._wait()._bootstrap

    @property
    def kind(self) -> str:
        """Which one it is: "Apache Kafka 4.4.0" or the like, or "librdkafka's mock cluster". Waits, raises the same."""
        return self._wait()._kind

    @property
    def is_real(self) -> bool:
        """Whether the broker is Apache Kafka. Waits, raises the same."""
        return self._wait()._broker is not None

    @property
    def why(self) -> str:
        """Why it is not Apache Kafka; empty where it is, and where nobody asked for it. Waits, raises the same."""
        return self._wait()._why

    def stop(self) -> None:
        """End the broker; safe to call twice. What was on its topics is gone."""
        if self._thread is not None:
            self._thread.join()
        if self._broker is not None:
            self._broker.stop()
        self._thread, self._broker, self._mock = None, None, None
        self._forget()

    def _forget(self) -> None:
        self._bootstrap = self._kind = self._why = ""
        self._failed: Exception | None = None

    def _wait(self) -> LocalKafka:
        if self._thread is None:
            raise EngineUnavailable("the Kafka broker", "It is not started: call start() first.")
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self

    def _start(self) -> None:
        if self._allow_real:
            try:
                self._broker = importlib.import_module(REAL).start()
                self._bootstrap, self._kind = self._broker.bootstrap, f"Apache Kafka {self._broker.version}"
                return
            except EngineUnavailable as error:
                self._why = str(error)
            except Exception as error:  # any failure of it has the same answer: the mock cluster, and saying so
                self._why = f"its start failed with {type(error).__name__}: {error}"
            self._broker = None
        try:
            self._start_mock()
        except Exception as error:
            self._failed = error  # told to whoever asks

    def _start_mock(self) -> None:
        try:
            from confluent_kafka import Producer, libversion
        except ImportError as error:
            remedy = f"Install it with: {sys.executable} -m pip install confluent-kafka"
            raise EngineUnavailable("the Kafka client", remedy) from error
        self._mock = Producer({"bootstrap.servers": "127.0.0.1:1", "test.mock.num.brokers": 1, "log_level": 0})
        brokers = self._mock.list_topics(timeout=_ANSWER).brokers.values()
        self._bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self._kind = f"librdkafka's mock cluster {libversion()[0]}"
