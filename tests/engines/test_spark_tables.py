"""Do delta-rs and PyIceberg read what Spark wrote, and Spark what they wrote, as it is now and as it was?"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from course_lib.engines.inputs import SCHEMA
from course_lib.engines.running import session
from course_lib.reference import zone_hour_demand
from tests.engines.contract import ready

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore")]  # of PyIceberg's own dependencies
NOON = datetime(2024, 3, 10, 12)
KINDS = ("delta", "iceberg")
SPARKS, OURS = "by_spark", "by_the_others"
Row = dict[str, Any]


class Past(NamedTuple):
    """The table after each of three commits, by trip_id."""

    first: list[Row]
    corrected: list[Row]
    now: list[Row]


@pytest.fixture(scope="module")
def commits() -> list[list[Row]]:
    """A day, its correction with a few new trips, another day; some of the rows are no trips."""
    chance = Random(5)
    return [rows(chance, range(2000), "a"), rows(chance, range(1900, 2100), "b"), rows(chance, range(3000, 3500), "ü")]


@pytest.fixture(scope="module")
def past(commits: list[list[Row]]) -> Past:
    """The oracle: a later row stands in the place of an earlier one."""
    standing: dict[int, Row] = {}
    states = []
    for made in commits:
        standing |= {row["trip_id"]: row for row in made}
        states.append(in_order(standing.values()))
    return Past(*states)


@pytest.fixture(scope="module")
def lake(commits: list[list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both formats, each table once by Spark and once by the other library, which share one catalog.

    Spark's own: Spark begins and corrects, the other adds a day. The other's own: the other begins and corrects, Spark
    adds a day; then Spark writes down what it sees.
    """
    spark, space = ready("spark"), tmp_path_factory.mktemp("spark tables")  # a space in the name is not unusual
    lake = space / "lake"
    lake.mkdir()
    day, correction, more = (put(space / str(number), made) for number, made in enumerate(commits))
    for kind in KINDS:
        begin(kind, lake, commits[0])
        correct(kind, lake, commits[1])
    calls: list[tuple[str, Row]] = []
    for kind in KINDS:
        sparks, ours = ({"kind": kind, "lake": lake, "name": name} for name in (SPARKS, OURS))
        calls += [("append", sparks | {"trips": day}), ("correct", sparks | {"corrections": correction})]
        calls += [("append", ours | {"trips": more})]
    session(spark, space / "run", calls)
    for kind in KINDS:
        append(kind, lake, SPARKS, commits[2])
    calls = []
    for kind, name in [(kind, name) for kind in KINDS for name in (SPARKS, OURS)]:
        table, log = {"kind": kind, "lake": lake, "name": name}, versions(kind, lake, name)
        for which, version in (("first", log[0]), ("corrected", log[-2]), ("now", None)):
            seen = space / "seen" / f"{kind} {name} {which}"
            seen.parent.mkdir(exist_ok=True)
            calls.append(("read", table | {"answer": seen, "version": version}))
        calls += [("zone_hour_of", table | {"answer": seen.with_suffix(".csv")}), ("versions", table)]
    found = session(spark, space / "run", calls).values
    assert found[4::5] == tuple(versions(call[1]["kind"], lake, call[1]["name"]) for call in calls[4::5])
    return lake


@pytest.mark.parametrize("which", Past._fields)
@pytest.mark.parametrize("name", [SPARKS, OURS])
@pytest.mark.parametrize("kind", KINDS)
def test_spark_and_the_other_library_see_the_same_rows_now_and_in_the_past(
    kind: str, name: str, which: str, lake: Path, past: Past
):
    wanted = getattr(past, which)
    sparks = pq.read_table(lake.parent / "seen" / f"{kind} {name} {which}").to_pylist()
    theirs = read(kind, lake, name, Past._fields.index(which)).to_pylist()

    assert in_order(theirs) == wanted
    assert in_order(sparks) == wanted


@pytest.mark.parametrize("name", [SPARKS, OURS])
@pytest.mark.parametrize("kind", KINDS)
def test_the_job_on_a_table_that_both_wrote_is_the_oracles(kind: str, name: str, lake: Path, past: Past):
    found = (lake.parent / "seen" / f"{kind} {name} now.csv").read_text()

    assert found == zone_hour_demand(past.now)
    assert found.count("\n") > 10


def test_both_write_the_catalog_of_the_other(lake: Path):
    from pyiceberg.catalog.sql import SqlCatalog

    found = SqlCatalog("lake", uri=f"sqlite:///{lake / 'catalog.db'}", init_catalog_tables="false")

    assert sorted(found.list_tables("trips")) == [("trips", SPARKS), ("trips", OURS)]


def rows(chance: Random, ids: range, file: str) -> list[Row]:
    """Trips with these ids, some of them not valid."""
    made = []
    for number in ids:
        pickup_at = NOON + timedelta(seconds=chance.randrange(5 * 3600), microseconds=chance.choice([0, 1, 999_999]))
        made.append(
            dict.fromkeys(SCHEMA.names)
            | {"trip_id": number, "service": "green", "pickup_at": pickup_at, "source_file": file, "source_row": number}
            | {"dropoff_at": pickup_at + timedelta(seconds=chance.randrange(-60, 3600))}
            | {"pickup_zone": chance.choice([1, 2, 263, None]), "distance_m": chance.randrange(0, 9000)}
            | {"fare_cents": chance.choice([0, 1150, -1, None, 2**31 - 1])}
        )
    return made


def in_order(found: Any) -> list[Row]:
    return sorted(found, key=itemgetter("trip_id"))  # a row that is there twice is there twice


def put(folder: Path, made: list[Row]) -> Path:
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(made, SCHEMA), folder / "0.parquet")
    return folder


def catalog(lake: Path) -> Any:
    from pyiceberg.catalog.sql import SqlCatalog

    return SqlCatalog("lake", uri=f"sqlite:///{lake / 'catalog.db'}", warehouse=lake.as_uri())


def begin(kind: str, lake: Path, made: list[Row]) -> None:
    if kind == "iceberg":
        catalog(lake).create_namespace("trips")
        catalog(lake).create_table(f"trips.{OURS}", SCHEMA)
    append(kind, lake, OURS, made)


def append(kind: str, lake: Path, name: str, made: list[Row]) -> None:
    import deltalake

    added = pa.Table.from_pylist(made, SCHEMA)
    if kind == "delta":
        deltalake.write_deltalake(lake / name, added, mode="append")
    else:
        catalog(lake).load_table(f"trips.{name}").append(added)


def correct(kind: str, lake: Path, made: list[Row]) -> None:
    import deltalake

    change = pa.Table.from_pylist(made, SCHEMA)
    if kind == "delta":
        merge = deltalake.DeltaTable(lake / OURS).merge(change, "old.trip_id = new.trip_id", "new", "old")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
    else:
        catalog(lake).load_table(f"trips.{OURS}").upsert(change, join_cols=["trip_id"])


def versions(kind: str, lake: Path, name: str) -> list[str]:
    """What the other library calls the versions, the oldest first."""
    import deltalake

    if kind == "delta":
        return [str(number) for number in range(deltalake.DeltaTable(lake / name).version() + 1)]
    return [str(one.snapshot_id) for one in catalog(lake).load_table(f"trips.{name}").history()]


def read(kind: str, lake: Path, name: str, state: int) -> pa.Table:
    """The table after the first commit (0), before the last (1) or now (2), as the other library reads it."""
    import deltalake

    log = versions(kind, lake, name)
    version = int((log[0], log[-2], log[-1])[state])
    if kind == "delta":
        return pa.table(deltalake.DeltaTable(lake / name, version=version).to_pyarrow_table())
    return catalog(lake).load_table(f"trips.{name}").scan(snapshot_id=version).to_arrow()
