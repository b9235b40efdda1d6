"""Do rows, dead letters and checkpoint change together or not at all?"""

import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.ingestion.dead_letters import DeadLetter
from course_lib.ingestion.sink import Sink

LETTER = DeadLetter("topic", "0/7", "ValueError: no number", b"\xff\x00")
KILLED = """
import os, sys
from course_lib.ingestion.sink import Sink
sink = Sink(sys.argv[1])
sink.write("topic", 1, {1: {"a": 1}})
def rows():
    yield 2, {"a": 2}
    os.kill(os.getpid(), 9)
class Dying(dict):
    def items(self):
        return rows()
sink.write("topic", 2, Dying(x=1))
"""


def test_twice_is_once(tmp_path: Path):
    with Sink(tmp_path / "sink.db") as sink:
        for _ in range(2):
            sink.write("topic", {"0": 8}, {3: {"fare": 1}, 1: {"fare": None}}, [LETTER])

        assert sink.rows() == {1: {"fare": None}, 3: {"fare": 1}}
        assert sink.dead() == [LETTER]
        assert sink.checkpoint("topic") == {"0": 8}
        assert sink.checkpoint("other") is None


def test_what_was_written_outlives_the_writer(tmp_path: Path):
    with Sink(tmp_path / "sink.db") as sink:
        sink.write("topic", 7, {1: {"a": "ü"}})
    with Sink(tmp_path / "sink.db") as sink:
        assert (sink.rows(), sink.checkpoint("topic")) == ({1: {"a": "ü"}}, 7)


def test_a_batch_that_fails_changes_nothing(tmp_path: Path):
    with Sink(tmp_path / "sink.db") as sink:
        sink.write("topic", 1, {1: {"a": 1}})
        with pytest.raises(TypeError):
            sink.write("topic", 2, {2: {"a": 2}, 3: {"a": object()}}, [LETTER])

        assert (sink.rows(), sink.dead(), sink.checkpoint("topic")) == ({1: {"a": 1}}, [], 1)
        sink.write("topic", 3)
        assert sink.checkpoint("topic") == 3


def test_a_killed_writer_leaves_the_file_as_it_was(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "sink.db")], check=False)
    with Sink(tmp_path / "sink.db") as sink:
        assert (sink.rows(), sink.checkpoint("topic")) == ({1: {"a": 1}}, 1)

    assert done.returncode == -9
