"""What must be true of an engine that orchestrates?

It is given four steps (steps.py) and runs them in their order; a step that breaks is tried once more; a run that failed
is resumed without doing again what was done; three days are filled in afterwards. Gold is the oracle's, byte for byte.
The adapter has four functions; `folder` is where the steps find and leave their files:

    run(folder: Path, day: str) -> str                       "completed" or "failed"
    resume(folder: Path, day: str) -> str                    the run of that day, which failed
    backfill(folder: Path, days: list[str]) -> list[str]     how each day ended
    page(folder: Path) -> str                                the HTML that it shows of itself in a browser

What happened is read from the traces of the steps, not from what the orchestrator says of itself.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from course_lib.engines import inputs
from course_lib.engines.registry import Engine
from course_lib.engines.running import session
from course_lib.engines.steps import STEPS
from course_lib.errors import ContractBroken
from course_lib.reference import NEEDED, zone_hour_demand

DAYS = [(date(2024, 1, 10) + timedelta(days=n)).isoformat() for n in range(5)]
TRIPS = 20_000  # of which a day has a few hundred


class Attempt(NamedTuple):
    """One attempt at a step, as its trace tells."""

    day: str
    step: str
    outcome: str


def given(folder: Path, days: Sequence[str] = DAYS) -> dict[str, bytes]:
    """Put each day's rows into folder/given; the oracle's gold of each day."""
    source = inputs.generated(folder / "source", TRIPS)
    rows: dict[str, list[dict]] = {day: [] for day in days}
    for row in inputs.rows_of(source.folder):
        day = row["pickup_at"].date().isoformat() if isinstance(row["pickup_at"], datetime) else ""
        if day in rows:
            rows[day].append(row)
    for name in ("given", "faults", "gold", "trace"):
        (folder / name).mkdir(parents=True)
    for day, found in rows.items():
        with (folder / "given" / f"{day}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, NEEDED, lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    return {day: zone_hour_demand(found).encode() for day, found in rows.items()}


def break_step(folder: Path, day: str, step: str, times: int) -> None:
    """Have a step of a day break that often; 0 mends it."""
    fault = folder / "faults" / f"{day}-{step}"
    fault.parent.mkdir(parents=True, exist_ok=True)
    fault.write_text(str(times))


def told(folder: Path, day: str) -> list[tuple[str, str]]:
    """What was tried for a day, in order: (step, how it ended)."""
    return [(one.step, one.outcome) for one in attempts(folder, day)]


def attempts(folder: Path, day: str) -> list[Attempt]:
    """What was tried for a day, in order."""
    names = sorted(path.name for path in (folder / "trace").glob("*"))
    found = [Attempt(*name.split("_")[1:]) for name in names]
    return [one for one in found if one.day == day]


def expect(what: str, found: object, wanted: object) -> None:
    """Raise ContractBroken unless the two are equal."""
    if found != wanted:
        raise ContractBroken(what, f"{found} instead of {wanted}")


def expect_gold(folder: Path, day: str, wanted: bytes) -> None:
    """Raise ContractBroken unless the day's gold is the oracle's."""
    path = folder / "gold" / f"{day}.csv"
    expect(f"gold of {day}", path.read_bytes() if path.exists() else b"", wanted)


def the_days_work(engine: Engine, folder: Path) -> str:
    """One day with a step that breaks once, one that fails and is resumed by another process, three filled in."""
    retried, resumed, *filled = DAYS
    gold = given(folder)
    break_step(folder, retried, "validate", 1)
    break_step(folder, resumed, "demand", 99)
    runs = [("run", {"folder": folder, "day": day}) for day in (retried, resumed)]
    first = session(engine, folder, runs)
    expect("the run in which a step broke once", first.values[0], "completed")
    wanted = [("extract", "done"), ("validate", "broke"), *((step, "done") for step in STEPS[1:])]
    expect("its attempts", told(folder, retried), wanted)
    expect("the run in which a step broke for good", first.values[1], "failed")
    before = [*((step, "done") for step in STEPS[:-1]), ("demand", "broke"), ("demand", "broke")]
    expect("its attempts", told(folder, resumed), before)

    break_step(folder, resumed, "demand", 0)
    second = session(
        engine,
        folder,
        [
            ("resume", {"folder": folder, "day": resumed}),
            ("backfill", {"folder": folder, "days": filled}),
            ("page", {"folder": folder}),
        ],
    )
    expect("the resumed run", second.values[0], "completed")
    expect("its attempts, with those before", told(folder, resumed), [*before, ("demand", "done")])
    expect("the days filled in", second.values[1], ["completed"] * len(filled))
    for day in filled:
        expect(f"the attempts of {day}", told(folder, day), [(step, "done") for step in STEPS])
    for day, wanted_gold in gold.items():
        expect_gold(folder, day, wanted_gold)
    expect("the days with gold", sorted(path.stem for path in (folder / "gold").iterdir()), DAYS)
    if "<html" not in second.value.lower():
        raise ContractBroken("the page", f"is {second.value[:80]!r}")
    ports = {port for result in (first, second) for _, port in result.listened}
    return f"one retry, 1 of 4 steps done again, {len(filled)} days, a page; {len(ports)} ports, all on loopback"


CHECKS = {"order, one retry, resume, three days filled in, a page": the_days_work}
