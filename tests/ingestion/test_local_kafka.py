"""Does a notebook get a broker, whatever becomes of the real one, and is it told which?"""

import threading

import pytest

from course_lib.errors import EngineUnavailable
from course_lib.ingestion import local_kafka
from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.topics import Reader, write


class Real:
    """A broker as the module of the real one returns it."""

    bootstrap, version, stopped = "127.0.0.1:9", "4.1", False

    def stop(self) -> None:
        self.stopped = True


def module_that_starts(monkeypatch: pytest.MonkeyPatch, start: object) -> None:
    module = type("Module", (), {"start": staticmethod(start)})
    monkeypatch.setattr(local_kafka.importlib, "import_module", lambda name: module)


def test_the_broker_says_which_it_is(kafka: LocalKafka):
    assert kafka.kind.startswith("librdkafka's mock cluster")
    assert not kafka.is_real
    assert kafka.why == "", "nobody asked for the real one"


def test_a_real_broker_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    broker = Real()
    module_that_starts(monkeypatch, lambda: broker)
    with LocalKafka() as found:
        assert (found.kind, found.bootstrap, found.is_real) == ("Apache Kafka 4.1", "127.0.0.1:9", True)
        assert found.why == ""
    assert broker.stopped


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (EngineUnavailable("Java", "Install it."), "Install it."),
        (AssertionError("half written"), "AssertionError: half written"),
        (SyntaxError("no Python"), "SyntaxError"),
        (OSError(28, "No space left on device"), "No space left"),
    ],
)
def test_whatever_the_real_one_fails_with_the_mock_cluster_is_taken_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
):
    def start() -> None:
        raise error

    module_that_starts(monkeypatch, start)
    with LocalKafka() as found:
        assert not found.is_real
        assert why in found.why
        write(found.bootstrap, "trips", [(b"k", b"v")])
        with Reader(found.bootstrap, "trips", "g") as reader:
            assert reader.behind() == 1


def test_where_its_module_is_missing_the_mock_cluster_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_kafka, "REAL", "course_lib.engines.no_such_broker")
    with LocalKafka() as found:
        assert not found.is_real
        assert "no_such_broker" in found.why


def test_start_does_not_wait_and_the_address_does(monkeypatch: pytest.MonkeyPatch):
    go = threading.Event()

    def start() -> Real:
        go.wait()
        return Real()

    module_that_starts(monkeypatch, start)
    found = LocalKafka().start()  # returns, although the broker is not up
    go.set()
    assert found.bootstrap == "127.0.0.1:9"
    found.stop()


def test_a_broker_that_is_stopped_before_anybody_asked_is_stopped(monkeypatch: pytest.MonkeyPatch):
    broker = Real()
    module_that_starts(monkeypatch, lambda: broker)
    found = LocalKafka().start()
    found.stop()
    found.stop()
    assert broker.stopped
    with pytest.raises(EngineUnavailable, match="not started"):
        _ = found.bootstrap
