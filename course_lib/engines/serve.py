"""What must be true of an engine that serves features?

It is given readings of zones with the moment at which each became known, which is later than the moment it is about.
Offline, a question (zone, moment) gets the newest reading known by then; online, a zone gets the newest known reading.
Neither sees the future. The adapter has these functions; times are local wall times, tables are Parquet files:

    build(repo: Path, readings: Path) -> None                            define the features over the readings
    historical(repo: Path, questions: Path, answer: Path) -> None        question, zone, asked_at, + FEATURES
    materialise(repo: Path, until: str) -> None                          bring what was known by then online
    online(repo: Path, zones: list[int]) -> list[dict]                   {"zone": …, + FEATURES} or None for each
    push(repo: Path, readings: Path) -> None                             readings of the stream, straight to online
    calls(repo: Path) -> list[str]                                       of an emulated engine: the calls answered

The oracle looks at every reading for every question.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.engines.registry import Engine
from course_lib.engines.running import session
from course_lib.errors import ContractBroken

FEATURES = ("trips", "mean_s")
READINGS = pa.schema(
    [
        pa.field("zone", pa.int64(), nullable=False),
        pa.field("measured_at", pa.timestamp("us"), nullable=False),  # the hour it is about
        pa.field("known_at", pa.timestamp("us"), nullable=False),  # when it had arrived
        pa.field("trips", pa.int64()),
        pa.field("mean_s", pa.float64()),
    ]
)
QUESTIONS = pa.schema([("question", pa.int64()), ("zone", pa.int64()), ("asked_at", pa.timestamp("us"))])
START = datetime(2024, 3, 9)
ZONES = range(1, 13)
LATE_ZONE, SILENT_ZONE = 12, 99  # the first is known only at the end, the second never

Reading = dict[str, Any]


def readings(hours: int = 72, seed: int = 3) -> list[Reading]:
    """A reading per zone and hour, each known up to three hours after its hour; some never come, some say nothing."""
    chance = random.Random(seed)
    found: list[Reading] = []
    for zone in ZONES:
        for hour in range(hours if zone != LATE_ZONE else 1):
            measured = START + timedelta(hours=hour)
            late = timedelta(hours=1, seconds=chance.randrange(3 * 3_600))
            if zone == LATE_ZONE:
                late = timedelta(hours=hours - 1)
            if chance.random() < 0.2:
                continue
            trips = chance.choice([None, 0, chance.randrange(500)])
            mean = None if not trips else chance.randrange(1, 10**6) / 64  # exact in a float of any engine
            found.append(
                {"zone": zone, "measured_at": measured, "known_at": measured + late, "trips": trips, "mean_s": mean}
            )
    chance.shuffle(found)  # a table has no order
    return _distinct(found)


def _distinct(found: Sequence[Reading]) -> list[Reading]:
    """One reading per zone and moment of becoming known: what would stand is otherwise a matter of taste."""
    return list({(one["zone"], one["known_at"]): one for one in found}.values())


def questions(known: Sequence[Reading], count: int = 400, seed: int = 4) -> list[dict[str, Any]]:
    """Questions at any time, also before the first reading, and exactly when a reading became known or just before."""
    chance = random.Random(seed)
    asked = []
    for number in range(count):
        zone = chance.choice([*ZONES, SILENT_ZONE])
        at = START + timedelta(seconds=chance.randrange(-3_600, 80 * 3_600))
        if number % 4 == 0:
            one = chance.choice(known)
            zone, at = one["zone"], one["known_at"] - timedelta(seconds=chance.choice([0, 1]))
        asked.append({"question": number, "zone": zone, "asked_at": at})
    return asked


def newest_known(known: Sequence[Reading], zone: int, at: datetime) -> dict[str, Any]:
    """The oracle: the features of `zone` in the newest reading that was known at `at`; None where there was none."""
    standing: Reading | None = None
    for one in known:
        if (
            one["zone"] == zone
            and one["known_at"] <= at
            and (standing is None or one["known_at"] > standing["known_at"])
        ):
            standing = one
    return {name: standing[name] if standing else None for name in FEATURES}


def file_of(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> Path:
    """`rows` as a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema), path)
    return path


def as_of(engine: Engine, folder: Path) -> str:
    """Every question gets what was known when it was asked; online, every zone gets the newest known reading."""
    known = readings()
    asked = questions(known)
    repo, answer = folder / "repo", folder / "answer.parquet"
    zones = [*ZONES, SILENT_ZONE]
    moments = [START + timedelta(hours=hours) for hours in (30, 60)]
    until = [moment.isoformat() for moment in moments]
    result = session(
        engine,
        folder,
        [
            ("build", {"repo": repo, "readings": file_of(folder / "given" / "readings.parquet", known, READINGS)}),
            (
                "historical",
                {
                    "repo": repo,
                    "questions": file_of(folder / "given" / "q.parquet", asked, QUESTIONS),
                    "answer": answer,
                },
            ),
            *(
                call
                for moment in until
                for call in (
                    ("materialise", {"repo": repo, "until": moment}),
                    ("online", {"repo": repo, "zones": zones}),
                )
            ),
            *_asked_for_calls(engine, repo),
        ],
    )
    expect_history(known, asked, pq.read_table(answer).to_pylist())
    for moment, found in zip(moments, result.values[3:6:2], strict=True):
        expect_online(f"online at {moment}", [newest_known(known, zone, moment) for zone in zones], zones, found)
    told = f"{len(asked)} questions over {len(known)} readings, {len(zones)} zones online at two moments"
    return told + _emulation(engine, result.value)


def _asked_for_calls(engine: Engine, repo: Path) -> list[tuple[str, dict[str, Any]]]:
    """The last call of a session with an engine that is emulated."""
    return [("calls", {"repo": repo})] if engine.is_emulated else []


def _emulation(engine: Engine, calls: Sequence[str]) -> str:
    """What is emulated, with the calls of the client that it stood the test with, a line each."""
    if not engine.is_emulated:
        return ""
    lines = "".join(f"\n        {call}" for call in calls)
    return f"; {engine.standing}; calls proved: {len(calls)}{lines}"


def expect_history(known: Sequence[Reading], asked: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> None:
    """Raise ContractBroken unless every question has the answer of the oracle, once."""
    answers = {row["question"]: row for row in found}
    if len(found) != len(asked) or answers.keys() != {one["question"] for one in asked}:
        raise ContractBroken("offline", f"{len(found)} answers to {len(asked)} questions: rows were lost or doubled")
    for one in asked:
        wanted = newest_known(known, one["zone"], one["asked_at"])
        told = {name: answers[one["question"]][name] for name in FEATURES}
        if _null(told) != wanted:
            raise ContractBroken(f"zone {one['zone']} at {one['asked_at']}", f"{told} instead of {wanted}")


def expect_online(
    what: str, wanted: Sequence[dict[str, Any]], zones: Sequence[int], found: Sequence[dict[str, Any]]
) -> None:
    """Raise ContractBroken unless the online answers are those wanted, in the order of the zones."""
    told = [_null({name: row[name] for name in FEATURES}) for row in found]
    if told != list(wanted):
        wrong = [f"zone {zone}: {a} instead of {b}" for zone, a, b in zip(zones, told, wanted, strict=False) if a != b]
        raise ContractBroken(what, wrong[0] if wrong else f"{len(told)} answers to {len(zones)} zones")


def _null(row: dict[str, Any]) -> dict[str, Any]:
    """NaN, which pandas puts where nothing is, as None."""
    return {name: None if value != value else value for name, value in row.items()}


def pushed(engine: Engine, folder: Path) -> str:
    """A reading of the stream is online as soon as it was pushed, also for a process that starts afterwards."""
    known = readings()
    repo, zones = folder / "repo", list(ZONES)
    until = START + timedelta(hours=30)
    later = until + timedelta(hours=1)
    news = [
        {"zone": zone, "measured_at": until, "known_at": later + timedelta(seconds=zone), "trips": zone, "mean_s": 0.5}
        for zone in zones[::2]
    ]
    session(
        engine,
        folder,
        [
            ("build", {"repo": repo, "readings": file_of(folder / "given" / "readings.parquet", known, READINGS)}),
            ("materialise", {"repo": repo, "until": until.isoformat()}),
            ("push", {"repo": repo, "readings": file_of(folder / "given" / "news.parquet", news, READINGS)}),
        ],
    )
    found = session(engine, folder, [("online", {"repo": repo, "zones": zones})]).value
    seen = [one for one in known if one["known_at"] <= until] + news
    wanted = [newest_known(seen, zone, later + timedelta(hours=1)) for zone in zones]
    expect_online("online after a push", wanted, zones, found)
    return f"{len(news)} readings pushed" + (f"; {engine.standing}" if engine.is_emulated else "")


CHECKS = {"offline as of the question, online the newest known": as_of, "a pushed reading is online": pushed}
