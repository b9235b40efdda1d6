"""Does each pattern move what it should, and miss what it must?"""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from course_lib.ingestion.local_kafka import LocalKafka
from course_lib.ingestion.local_postgres import LocalPostgres
from course_lib.ingestion.local_s3 import LocalS3
from course_lib.ingestion.rehearsal import SCHEMA, Outcome, Rehearsal, rounds

START = datetime(2024, 1, 1)


def trips(n: int) -> pa.Table:
    rows = [
        {
            "trip_id": key,
            "pickup_at": START + timedelta(hours=key),
            "pickup_zone": None if key % 9 == 0 else key % 5,
            "fare_cents": 1000 + key,
            "updated_at": START + timedelta(hours=key, minutes=20),
        }
        for key in range(1, n + 1)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


@pytest.fixture(scope="module")
def outcomes(postgres: LocalPostgres, kafka: LocalKafka, s3: LocalS3) -> dict[str, Outcome]:
    rehearsal = Rehearsal(postgres, kafka, s3, "rehearsal_of_tests".replace("_", ""))
    for told in rounds(trips(90), 4, seed=3, corrected=0.1, cancelled=0.05):
        rehearsal.write(told)
        rehearsal.catch_up()
    found = {one.pattern: one for one in rehearsal.outcomes()}
    rehearsal.close()
    return found


def test_rounds_bring_every_trip_and_the_same_each_time():
    first, second = (list(rounds(trips(90), 4, seed=3, corrected=0.1, cancelled=0.05)) for _ in range(2))
    gone = [key for told in first for key in told.gone]

    assert first == second
    assert {row["trip_id"] for told in first for row in told.changed} == set(range(1, 91))
    assert len(gone) == len(set(gone)) > 0


@pytest.mark.parametrize("pattern", ["full", "log", "topic", "objects"])
def test_patterns_that_see_deletes_end_equal_to_the_table(outcomes: dict[str, Outcome], pattern: str):
    assert outcomes[pattern][2:] == (0, 0, 0)


@pytest.mark.parametrize("pattern", ["incremental", "api"])
def test_patterns_that_see_what_is_and_not_what_was_keep_ghosts(outcomes: dict[str, Outcome], pattern: str):
    gone = sum(len(told.gone) for told in rounds(trips(90), 4, seed=3, corrected=0.1, cancelled=0.05))

    assert outcomes[pattern][2:] == (0, 0, gone)


def test_what_changed_is_less_than_the_whole(outcomes: dict[str, Outcome]):
    assert 0 < outcomes["incremental"].bytes < outcomes["full"].bytes
