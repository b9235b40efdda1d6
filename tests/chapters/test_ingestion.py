"""Does chapter 2 run on each of the two brokers that a learner may have?"""

from pathlib import Path

import pytest

from course_lib.exercises.chapters import ROOT
from course_lib.ingestion.local_kafka import LocalKafka
from tests.chapters.runs import Run, run
from tests.chapters.test_runs import runs_to_the_end

NAME = "02_ingestion"


def broker(done: Run) -> str:
    """What the notebook says of its broker."""
    [cell] = [cell for cell in done.cells if "kafka.kind" in "".join(cell["source"]) and cell["cell_type"] == "code"]
    return str("".join(cell["outputs"][-1]["data"]["text/plain"]))


@pytest.mark.full
def test_the_chapter_runs_on_apache_kafka(tmp_path: Path):
    with LocalKafka() as kafka:
        if not kafka.is_real:
            pytest.skip(f"no Apache Kafka here ({kafka.why}): course engines install kafka")
    done = run(ROOT, NAME, "source", tmp_path, "default")

    runs_to_the_end(done)
    assert "Apache Kafka" in broker(done)


@pytest.mark.full
def test_without_java_the_chapter_runs_on_the_mock_cluster_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no-java"))
    done = run(ROOT, NAME, "source", tmp_path, "default")

    runs_to_the_end(done)
    assert "mock cluster" in broker(done)
    assert "Java" in broker(done)
