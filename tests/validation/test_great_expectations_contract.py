"""Great Expectations and the course's library agree on every row, and nobody is told about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import StepFailed
from course_lib.validation import great_expectations_process
from course_lib.validation.judged import disagreements, judged
from course_lib.validation.practice import a_month
from tests.places import ROOT
from tests.transforms.oracle import Read
from tests.validation.test_checks import MONTHS, as_published, bronze, reads
from tests.validation.test_judged import ALWAYS, PUBLISHED

# Run in a process of its own, so that what the import does to warnings and modules stays there.
QUIET = """
import sys
reached = []
sys.addaudithook(lambda event, args: reached.append((event, args)) if event in ("socket.connect", "socket.getaddrinfo")
                 else None)
from course_lib.validation import great_expectations_contract as contract
from tests.validation.test_checks import bronze, read
found = contract.verdicts(bronze([read(fare_cents=-1), read(trip_id=2, pickup_zone=8)]))
assert found.tolist() == [1 << 6, 0], found
assert not reached, reached
"""


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # of Great Expectations' own
@settings(max_examples=15)
@given(st.lists(reads(), max_size=60), PUBLISHED, st.sampled_from(MONTHS))
def test_verdicts_are_equal_row_by_row(rows: list[Read], optional: list[str], month: Any):
    from course_lib.validation import great_expectations_contract

    published = frozenset(optional) | ALWAYS
    table = bronze([as_published(row, published) for row in rows])

    ours, theirs = judged(table, published, month), great_expectations_contract.verdicts(table, published, month)
    assert disagreements(ours, theirs) == {}


def test_verdicts_are_equal_on_a_generated_month():
    table = a_month(20_000).bronze
    running = great_expectations_process.start(table, month=(2024, 1))

    assert disagreements(judged(table, month=(2024, 1)), running.verdicts()) == {}
    assert running.verdicts() is running.verdicts()


@pytest.mark.full
def test_it_reaches_nobody_and_leaves_the_home_alone(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=ROOT, env={**os.environ, "HOME": str(home)}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert [path.name for path in home.rglob("*")] == []


def test_a_table_that_is_no_bronze_is_refused_at_once():
    table = a_month(100).bronze

    with pytest.raises(ValueError, match="fare_cents"):
        great_expectations_process.start(table.drop_columns(["fare_cents"]))


def test_a_process_that_dies_has_failed():
    table = a_month(100).bronze
    running = great_expectations_process.start(table)
    running._process.kill()

    with pytest.raises(StepFailed, match="ended with -9"):
        running.verdicts()


def test_it_can_be_stopped_before_it_answers():
    table = a_month(100).bronze
    running = great_expectations_process.start(table)
    running.stop()

    assert running._process.returncode != 0
