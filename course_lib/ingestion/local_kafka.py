"""How does a notebook get a Kafka broker, and which one is it?

Where Java and Kafka's jars are installed, the real broker runs (`REAL` names the module that starts it; it is looked up
when a broker is asked for, and not before). Otherwise librdkafka's own mock cluster does, which its developers test the
client with: a broker inside this process that speaks Kafka's protocol over loopback and keeps everything in
memory. It lives as long as the producer that made it, and dies with this process, however that ends.

What the mock cluster lacks is said by `kind` and matters in one place: it answers no question about offsets by time.
"""

from __future__ import annotations

import importlib
import sys
from types import TracebackType
from typing import Any, Protocol

from course_lib.errors import EngineUnavailable

REAL = "course_lib.engines.kafka.broker"  # with start() -> Broker; raises EngineUnavailable where Java or jars lack
PARTITIONS = 4  # of a topic that comes into being when it is first written to
_ANSWER = 20.0  # seconds


class Broker(Protocol):
    """What a real broker's module returns."""

    bootstrap: str  # host:port
    version: str

    def stop(self) -> None: ...


class LocalKafka:
    """A Kafka broker of this process, from `start` to `stop`.

    kind       "Apache Kafka 4.1" or the like, or "librdkafka's mock cluster"
    bootstrap  host:port
    """

    def __init__(self, real: bool = True):
        self.kind, self.bootstrap = "", ""
        self._allow_real = real
        self._broker: Broker | None = None
        self._mock: Any = None

    def __enter__(self) -> LocalKafka:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> LocalKafka:
        """Start the real broker, or the mock cluster where there is none. Raises EngineUnavailable."""
        if self.bootstrap:
            return self
        self._broker = _real() if self._allow_real else None
        if self._broker is not None:
            self.kind, self.bootstrap = f"Apache Kafka {self._broker.version}", self._broker.bootstrap
            return self
        try:
            from confluent_kafka import Producer, libversion
        except ImportError as error:
            remedy = f"Install it with: {sys.executable} -m pip install confluent-kafka"
            raise EngineUnavailable("the Kafka client", remedy) from error
        self._mock = Producer({"bootstrap.servers": "127.0.0.1:1", "test.mock.num.brokers": 1, "log_level": 0})
        brokers = self._mock.list_topics(timeout=_ANSWER).brokers.values()
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.kind = f"librdkafka's mock cluster {libversion()[0]}"
        return self

    @property
    def is_real(self) -> bool:
        """Whether the broker is Apache Kafka."""
        return self._broker is not None

    def stop(self) -> None:
        """End the broker; safe to call twice. What was on its topics is gone."""
        if self._broker is not None:
            self._broker.stop()
        self._broker, self._mock, self.bootstrap = None, None, ""


def _real() -> Broker | None:
    try:
        return importlib.import_module(REAL).start()
    except (ModuleNotFoundError, EngineUnavailable):
        return None
