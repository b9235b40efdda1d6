"""What do orchestrators do by themselves: start what is due, and look at what came of it?"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course_lib.engines import orchestrate, steps
from course_lib.engines.registry import HERE, read
from course_lib.engines.running import call, session
from tests.engines.contract import ready

pytestmark = pytest.mark.full
DAY = timedelta(days=1)
ONE, EMPTY = orchestrate.DAYS[:2]


def test_dagsters_daemon_fires_the_schedule_for_the_day_that_is_over_and_its_page_tells(tmp_path: Path):
    """The schedule was turned on a day ago: one tick is due, whatever the hour of this test."""
    engine, now = ready("dagster"), time.time()
    today = datetime.fromtimestamp(now, UTC).date()
    gold = orchestrate.given(tmp_path, [orchestrate.DAYS[0]])[orchestrate.DAYS[0]]
    for day in (today - DAY, today - 2 * DAY):  # the second, should this run between midnight and five past
        (tmp_path / "given" / f"{day}.csv").write_bytes(
            (tmp_path / "given" / f"{orchestrate.DAYS[0]}.csv").read_bytes()
        )

    result = session(
        engine,
        tmp_path,
        [("fire", {"folder": tmp_path, "since": now - DAY.total_seconds()}), ("told", {"folder": tmp_path})],
    )

    [run], page = result.values
    day, at = run["dagster/partition"], datetime.fromisoformat(run[".dagster/scheduled_execution_time"])
    assert (run["ended"], run["dagster/schedule_name"]) == ("SUCCESS", "every_day")
    assert (at.hour, at.minute, day) == (0, 5, str(at.date() - DAY))
    assert now - DAY.total_seconds() < at.timestamp() <= time.time()
    assert orchestrate.told(tmp_path, day) == [(step, "done") for step in steps.STEPS]
    orchestrate.expect_gold(tmp_path, day, gold)
    ticks = [{"status": "SUCCESS", "runs": [{"status": "SUCCESS"}]}]
    assert page == {"cronSchedule": "5 0 * * *", "scheduleState": {"status": "RUNNING", "ticks": ticks}}
    assert result.listened


def test_dagsters_check_looks_at_the_day_that_was_made_and_fails_an_empty_one(tmp_path: Path):
    """The day before it has trips, and its file is there."""
    orchestrate.given(tmp_path, [ONE, EMPTY])
    header = (tmp_path / "given" / f"{EMPTY}.csv").read_text().splitlines(keepends=True)[0]
    (tmp_path / "given" / f"{EMPTY}.csv").write_text(header)
    asked = [("run", {"folder": tmp_path, "day": day}) for day in (ONE, EMPTY, ONE)]

    found = session(ready("dagster"), tmp_path, asked).values

    assert found == ("completed", "failed", "completed")


@pytest.mark.parametrize(
    ("model", "old", "new", "words"),
    [
        pytest.param("newest", "desc nulls last", "asc nulls last", "the_newest_stands", id="the oldest stands"),
        pytest.param("newest", ") = 1", ") <= 2", "unique_newest_trip_id", id="a trip counts twice"),
        pytest.param("validate", "trip_id::bigint as", "null::bigint as", "not_null_validate_trip_id", id="no id"),
    ],
)
def test_dbts_tests_stop_what_comes_after_a_wrong_model(model, old, new, words, tmp_path: Path):
    """The first is a unit test, which needs no data; the others look at what the model made."""
    copy, folder = tmp_path / "dbt", tmp_path / "run"
    shutil.copytree(HERE / "dbt", copy)
    path = copy / "project" / "models" / f"{model}.sql"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    ready("dbt")
    orchestrate.given(folder, [ONE])

    result = call(read(copy), "run", folder, {"folder": folder, "day": ONE})

    assert result.value == "failed"
    assert not (folder / "gold" / f"{ONE}.csv").exists()
    assert words in next(folder.glob("calls/*/log")).read_text()
