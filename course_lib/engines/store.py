"""What must be true of an engine that stores tables?

It is given day 1, a correction, day 2, and two writers at once. The current table is the corrected one, the table as of
day 1 is the old one, what is half-written is never seen, and of two writers who change the same rows one wins and the
other is told. The adapter has four functions; `rows` is a Parquet file of trips, a version is a text of the engine's:

    create(table: Path, rows: Path) -> str
    append(table: Path, rows: Path) -> str                           the new version
    correct(table: Path, rows: Path, before_commit) -> str           replaces the rows that have the same trip_id
    read(table: Path, answer: Path, version: str | None) -> None     all rows, as a Parquet file

`before_commit` is called, without arguments, when the table has been read and nothing has been committed: that is where
two writers meet. The oracle is a dictionary by trip_id.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.engines.registry import Engine
from course_lib.engines.running import Call, Result, session, start
from course_lib.errors import ContractBroken, EngineFailed
from course_lib.storage import digests

Row = dict[str, Any]
Table = dict[int, Row]  # trip_id -> row: what a table is, to the oracle

SCHEMA = pa.schema(
    [
        pa.field("trip_id", pa.int64(), nullable=False),
        pa.field("service", pa.string()),
        pa.field("pickup_at", pa.timestamp("us")),
        pa.field("pickup_zone", pa.int32()),
        pa.field("fare_cents", pa.int32()),
        pa.field("updated_at", pa.timestamp("us")),
    ]
)
DAY_ONE = datetime(2024, 3, 9)
MANY = 400_000  # rows that take long enough to write that a writer can be killed half way
_TRIES = 5  # at killing a writer before it has committed


def day(number: int, rows: int = 400) -> list[Row]:
    """The trips of day `number` (from 1), with nulls and with ids of both signs."""
    chance = random.Random(number)
    start_of_day = DAY_ONE + timedelta(days=number - 1)
    return [
        {
            "trip_id": (number * 1_000_000 + i) * (-1) ** i,
            "service": chance.choice(["green", "yellow", "grün", None]),
            "pickup_at": start_of_day + timedelta(seconds=chance.randrange(86_400)),
            "pickup_zone": chance.choice([*range(1, 264), None]),
            "fare_cents": chance.choice([0, 1_150, 2**31 - 1, None]),
            "updated_at": None,
        }
        for i in range(rows)
    ]


def corrected(rows: Sequence[Row], every: int, fare_cents: int) -> list[Row]:
    """Every so many of `rows`, with another fare."""
    noon = DAY_ONE + timedelta(days=5)
    return [row | {"fare_cents": fare_cents, "updated_at": noon} for row in rows[::every]]


def after(table: Table, rows: Iterable[Row]) -> Table:
    """The oracle: the table after `rows`, each of which replaces the one with its trip_id."""
    return table | {row["trip_id"]: row for row in rows}


def digest(rows: Iterable[Row]) -> str:
    """One text for the same rows in any order; a row that is there twice counts twice."""
    return digests.of_json(sorted([[str(row[name]) for name in SCHEMA.names] for row in rows]))


def file_of(path: Path, rows: Sequence[Row]) -> Path:
    """`rows` as a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), path)
    return path


def read(path: Path) -> list[Row]:
    """The rows of a Parquet file that an adapter wrote; times without a zone."""
    found = pq.read_table(path, columns=SCHEMA.names)
    return found.cast(SCHEMA).to_pylist()


def expect(what: str, wanted: Table, path: Path) -> None:
    """Raise ContractBroken unless the rows in the file are those of `wanted`."""
    rows = read(path)
    if digest(rows) != digest(wanted.values()):
        differing = [row for row in rows if wanted.get(row["trip_id"]) != row]
        told = f"{len(rows):,} rows instead of {len(wanted):,}; {len(differing):,} of them are others"
        raise ContractBroken(what, told + (f", as {differing[0]}" if differing else ""))


def every_version(engine: Engine, folder: Path) -> str:
    """The table is the corrected one, and each earlier version is still what it was."""
    table, given = folder / "table", folder / "given"
    first, second = day(1), day(2)
    change = corrected(first, every=7, fare_cents=4_200)
    files = {
        name: file_of(given / f"{name}.parquet", rows)
        for name, rows in (("first", first), ("change", change), ("second", second))
    }
    wrote = session(engine, folder, [("create", {"table": table, "rows": files["first"]})])
    # Other processes go on, so nothing of this lives in memory.
    wrote_on = session(
        engine,
        folder,
        [("correct", {"table": table, "rows": files["change"]}), ("append", {"table": table, "rows": files["second"]})],
    )
    versions = [*wrote.values, *wrote_on.values]
    after_first = after({}, first)
    after_change = after(after_first, change)
    wanted = [after_first, after_change, after(after_change, second)]
    asked = [None, *versions]
    _read_versions(engine, folder, table, asked)
    for number, (version, rows) in enumerate(zip(asked, [wanted[-1], *wanted], strict=True)):
        expect(
            "the current table" if version is None else f"version {version}", rows, folder / f"read-{number}.parquet"
        )
    if len(set(versions)) != len(versions):
        raise ContractBroken("versions", f"they are called {versions}")
    return f"{len(versions)} versions, each as it was: {digest(after_first.values())[:12]} on day 1"


def _read_versions(engine: Engine, folder: Path, table: Path, asked: Sequence[str | None]) -> Result:
    calls = [
        ("read", {"table": table, "answer": folder / f"read-{number}.parquet", "version": version})
        for number, version in enumerate(asked)
    ]
    return session(engine, folder, calls)


def two_writers(engine: Engine, folder: Path) -> str:
    """Of two who correct the same rows at once one wins, the other is told, and nothing of it is lost or mixed."""
    table, first = folder / "table", day(1)
    changes = [corrected(first, every=7, fare_cents=fare) for fare in (1, 2)]
    files = [file_of(folder / "given" / f"change-{n}.parquet", rows) for n, rows in enumerate(changes)]
    base = file_of(folder / "given" / "first.parquet", first)
    session(engine, folder, [("create", {"table": table, "rows": base})])
    meeting = folder / "meeting-2"
    meeting.mkdir()
    losers: dict[int, EngineFailed] = {}
    with contextlib.ExitStack() as stack:
        calls = [
            stack.enter_context(start(engine, "correct", folder, {"table": table, "rows": file}, meeting=meeting))
            for file in files
        ]
        for number, call in enumerate(calls):
            try:
                call.result()
            except EngineFailed as error:
                losers[number] = error
    if len(losers) != 1:
        raise ContractBroken("two writers at once", f"{2 - len(losers)} of them won: {_words(losers)}")
    [(loser, refusal)] = losers.items()
    told = refusal.kind.rpartition(".")[2]
    if told not in engine.conflict:
        raise ContractBroken("the loser", f"was told {told}: {refusal.why}, and not {' or '.join(engine.conflict)}")
    _read_versions(engine, folder, table, [None])
    expect("after two writers", after(after({}, first), changes[1 - loser]), folder / "read-0.parquet")
    return f"the loser is told {told}"


def _words(errors: dict[int, EngineFailed]) -> str:
    return "; ".join(f"{error.kind}: {error.why}" for error in errors.values()) or "nobody was told anything"


def nothing_half_written(engine: Engine, folder: Path) -> str:
    """A writer that is killed while it writes leaves nothing that a reader sees, nor anything in the next one's way."""
    first, second = day(1), day(2)
    base, more = (file_of(folder / "given" / f"{n}.parquet", rows) for n, rows in enumerate((first, second)))
    big = _big(folder / "given" / "big.parquet")
    for attempt in range(_TRIES):
        table = folder / f"table-{attempt}"
        session(engine, folder, [("create", {"table": table, "rows": base})])
        with start(engine, "append", folder, {"table": table, "rows": big}) as call:
            stray = _kill_when_something_appears(call, table)
        _read_versions(engine, folder, table, [None])
        # On a busy machine the signal may come when all of it is committed, and the writer even gone.
        if stray and pq.read_metadata(folder / "read-0.parquet").num_rows != len(first) + MANY:
            break
    else:
        raise ContractBroken("a writer to be killed", f"{_TRIES} were over before they could be")
    expect("after a writer was killed", after({}, first), folder / "read-0.parquet")
    session(engine, folder, [("append", {"table": table, "rows": more})])
    _read_versions(engine, folder, table, [None])
    expect("after the next writer", after(after({}, first), second), folder / "read-0.parquet")
    return f"killed with {stray:,} bytes written, none of them seen"


def _big(path: Path) -> Path:
    """Trips that no dictionary or run makes small."""
    ids = pa.array([(i * 0x9E3779B97F4A7C15) % 2**62 for i in range(MANY)], pa.int64())
    columns = [ids if field.name == "trip_id" else pa.nulls(MANY, field.type) for field in SCHEMA]
    pq.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), path)
    return path


def _kill_when_something_appears(call: Call, table: Path) -> int:
    """Kill the writer as soon as it has begun to write below `table`; how many bytes it left, 0 where it was over."""
    before = {path: path.stat().st_size for path in table.rglob("*") if path.is_file()}
    until = time.monotonic() + 120
    while call.running and time.monotonic() < until:
        new = 0
        for path in table.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file():
                    new += max(0, path.stat().st_size - before.get(path, 0))
        if new:
            call.kill()
            return new
        time.sleep(0.001)
    call.result(1)  # raises what it failed of, if it did
    return 0


CHECKS = {
    "current is corrected, day 1 is what it was": every_version,
    "one of two writers wins, the other is told": two_writers,
    "nothing half-written is seen": nothing_half_written,
}
