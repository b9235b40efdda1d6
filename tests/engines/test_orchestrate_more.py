"""What do orchestrators do by themselves, when nobody asks for a run?"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course_lib.engines import orchestrate, steps
from course_lib.engines.running import session
from tests.engines.contract import ready

pytestmark = pytest.mark.full
DAY = timedelta(days=1)


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
