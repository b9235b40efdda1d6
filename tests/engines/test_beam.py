"""Does Beam tell a stream's windows when it should, and does another runner give the same answers?"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from course_lib.engines import prism
from course_lib.engines.running import call
from tests.engines.contract import broken_copy, ready

pytestmark = pytest.mark.full
SIX = datetime(2024, 3, 9, 6)
HOUR = timedelta(hours=1)
Batch = dict[str, Any]


def stream(chance: Random) -> list[Batch]:
    """Batches of trips between six and noon, in any order, and a watermark that goes forward, also on the hour."""
    made, mark = [], SIX
    for _ in range(chance.randrange(1, 7)):
        drawn = [(chance.randrange(1, 4), SIX + timedelta(seconds=chance.randrange(6 * 3600))) for _ in range(9)]
        # of what is late, one of a zone and an hour at a time: whether two make one pane or two is the runner's affair
        kept = {(zone, at if at >= mark else hour_of(at)): (zone, at) for zone, at in drawn}
        mark += timedelta(minutes=chance.choice([1, 30, 59, 60, 61, 150]))
        trips = [[zone, at.isoformat()] for zone, at in kept.values()]
        made.append({"trips": trips, "watermark": mark.isoformat()})
    return made


def panes(batches: list[Batch], lateness: int) -> list[list[Any]]:
    """The oracle: what is told of each window, event by event.

    Source: Akidau et al., "The Dataflow Model" (2015), section 2.3: accumulating panes, with an allowed lateness.
    """
    told, counts, mark = [], dict[tuple[int, datetime], int](), datetime.min
    for batch in [*batches, {"trips": [], "watermark": datetime.max.isoformat()}]:
        for zone, text in batch["trips"]:
            hour = hour_of(datetime.fromisoformat(text))
            end = hour + HOUR
            if mark > end + timedelta(seconds=lateness):
                continue
            counts[zone, hour] = counts.get((zone, hour), 0) + 1
            if mark >= end:
                told.append([zone, hour.isoformat(), counts[zone, hour], "LATE"])
        before, mark = mark, datetime.fromisoformat(batch["watermark"])
        for (zone, hour), count in counts.items():
            if before < hour + HOUR <= mark:
                told.append([zone, hour.isoformat(), count, "ON_TIME"])
    return sorted(told)


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0)


def test_a_stream_tells_what_the_oracle_tells_whatever_comes_when(tmp_path: Path):
    chance = Random(11)
    asked = [{"batches": stream(chance), "lateness": chance.choice([60, 1800, 5400])} for _ in range(20)]
    asked.append({"batches": [], "lateness": 60})

    told = call(ready("beam"), "late_panes", tmp_path, *asked).values

    wanted = [panes(**one) for one in asked]
    assert [sorted(one) for one in told] == wanted
    kinds = [pane[3] for one in wanted for pane in one]
    assert min(kinds.count("LATE"), kinds.count("ON_TIME")) > 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "AccumulationMode.ACCUMULATING", "AccumulationMode.DISCARDING", id="late panes tell the rest only"
        ),
        pytest.param("Duration(seconds=lateness)", "Duration(seconds=0)", id="nobody waits for what is late"),
    ],
)
def test_a_wrong_adapter_is_noticed(old: str, new: str, tmp_path: Path):
    chance = Random(11)
    asked = [{"batches": stream(chance), "lateness": 1800} for _ in range(6)]
    ready("beam")

    told = call(broken_copy("beam", tmp_path, (old, new)), "late_panes", tmp_path / "run", *asked).values

    assert [sorted(one) for one in told] != [panes(**one) for one in asked]


@pytest.fixture(scope="module")
def program() -> Path:
    """Prism, where somebody built it."""
    ready("beam")
    if (found := prism.there()) is None:
        pytest.skip(f"Prism is not built; with Go, it is by: {prism.COMMAND}")
    return found


def test_prism_gives_the_oracles_answer_and_listens_on_loopback(program: Path, small, tmp_path: Path):
    answers = [tmp_path / f"{number}.csv" for number in range(len(small))]
    asked = [
        {"trips": one.folder, "answer": answer, "prism": program} for one, answer in zip(small, answers, strict=True)
    ]

    result = call(ready("beam"), "zone_hour_on_prism", tmp_path, *asked)

    assert [answer.read_bytes() for answer in answers] == [one.answer for one in small]
    assert len(result.listened) >= 2  # the server and the workers; whoever listened elsewhere would have failed


def test_prism_tells_every_pane_that_the_direct_runner_tells_and_some_windows_once_more(program: Path, tmp_path: Path):
    """When it forgets a window to which nobody came late, Prism says its count again: who replaces loses nothing."""

    def batch(watermark: str, *trips: tuple[int, str]) -> Batch:
        return {"trips": [[zone, f"2024-03-09T{at}"] for zone, at in trips], "watermark": f"2024-03-09T{watermark}"}

    batches = [
        batch("09:00:00", (1, "08:10:00"), (1, "08:20:00"), (2, "08:59:59")),
        batch("09:20:00", (1, "08:30:00"), (1, "09:10:00")),  # the first is late, within half an hour
        batch("11:00:00", (1, "09:30:00")),
        batch("12:00:00", (1, "08:40:00"), (2, "08:40:00")),  # both are too late
    ]
    asked = {"batches": batches, "lateness": 1800, "prism": program}
    wanted = panes(batches, 1800)
    last = {(zone, hour): count for zone, hour, count, _ in wanted}

    told = call(ready("beam"), "late_panes_on_prism", tmp_path, asked).value

    assert [pane for pane in wanted if pane not in told] == []
    assert all(pane[3] == "LATE" and pane[2] == last[pane[0], pane[1]] for pane in told if pane not in wanted)
