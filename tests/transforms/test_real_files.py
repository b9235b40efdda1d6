"""The green files of October 2020 and January 2024, to the last row."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib import reference
from course_lib.storage import layout
from course_lib.transforms.batch import FileCounts
from course_lib.trips.schema import PROBLEM, UNPARSEABLE
from tests.transforms import oracle
from tests.transforms.trip_tables import Built, Size, build, cut_into

SIZE = Size(unit=1 << 15, small=1 << 12, strays=1 << 10, hashes=1 << 15)
OCTOBER, JANUARY = "green_tripdata_2020-10.csv.gz", "green_tripdata_2024-01.parquet"


def refine(path: Path, work: Path) -> Built:
    with cut_into(SIZE):
        return build([path], work)


@pytest.fixture(scope="module")
def october(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return refine(shared_data / "tlc" / OCTOBER, tmp_path_factory.mktemp("october"))


@pytest.fixture(scope="module")
def january(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return refine(shared_data / "tlc" / JANUARY, tmp_path_factory.mktemp("january"))


def test_every_row_of_october_2020_is_accounted_for(october: Built, shared_data: Path):
    given = str(shared_data / "tlc" / OCTOBER)

    assert october.silver.files == (FileCounts(given, "green-2019-01", 95_120, 91_073, 4_047, 0),)
    assert october.silver.broken == {
        "dropoff_not_after_pickup": 163,
        "longer_than_23h": 212,
        "negative_fare": 15,
        "distance_not_positive": 3_658,
        "distance_over_100_miles": 32,
        "refund": 174,
        "unknown_zone": 818,
        "zero_fare": 413,
        "no_passengers": 259,
        "codes_all_null": 42_510,
        "outside_month": 9,
        "shared_trip": 654,
        "refunded": 174,
    }


def test_nothing_is_lost_of_january_2024(january: Built):
    (file,) = january.silver.files

    assert (file.header, file.rows_read, file.rows_duplicate) == ("green-2019-01", 56_551, 0)
    assert file.rows_silver == sum(len(january.rows([part])) for part in january.silver_parts)
    assert file.rows_quarantined == file.rows_read - file.rows_silver
    broken = january.silver.broken
    assert (broken["negative_fare"], broken["refund"], broken["dropoff_not_after_pickup"]) == (5, 177, 76)
    assert (broken["zero_fare"], broken["distance_not_positive"], broken["distance_over_100_miles"]) == (52, 2_870, 46)
    assert (broken["longer_than_23h"], broken["outside_month"], broken["no_passengers"]) == (131, 2, 512)
    assert "codes_all_null" not in broken  # its block of 3,415 rows without codes names the vendor


@pytest.mark.parametrize("month", ["october", pytest.param("january", marks=pytest.mark.full)])
def test_gold_of_a_real_month_is_the_reference_job_on_silver(month: str, request: pytest.FixtureRequest):
    built: Built = request.getfixturevalue(month)
    needed = list(reference.NEEDED)
    silver = (row for part in built.silver_parts for row in layout.read_table(built.tables / part, needed).to_pylist())

    assert built.demand == reference.zone_hour_demand(silver)


@pytest.mark.full
@pytest.mark.parametrize("month", ["october", "january"])
def test_a_real_month_becomes_what_the_slow_job_says(month: str, request: pytest.FixtureRequest):
    built: Built = request.getfixturevalue(month)
    bronze = layout.read_table(built.tables.parent / "bronze" / "00000.parquet").to_pylist()
    fields = {bit: name for name, bit in PROBLEM.items()} | {UNPARSEABLE: oracle.LINE}
    rows = []
    for row in bronze:
        problems = (
            frozenset(fields[bit] for bit in fields if row["problems"] >> bit & 1) if row["problems"] else frozenset()
        )
        rows.append(oracle.Read({name: row[name] for name in oracle.COLUMNS}, problems))
    published = oracle.ALL - {"operator", "vehicle_id", "updated_at"}

    answer = oracle.answer([oracle.File(rows[0].row["source_file"], rows, published)])

    assert built.silver.broken == answer.broken
    (fates,) = answer.fates.values()
    (file,) = built.silver.files
    assert (file.rows_read, file.rows_silver, file.rows_quarantined, file.rows_duplicate) == fates
    kept = {row["source_row"]: row["reasons"] for row in built.rows(built.silver.quarantine)}
    assert kept == {row["source_row"]: reasons for row, reasons, _ in answer.quarantine}
    silver = built.rows(built.silver_parts)
    assert sorted(silver, key=number) == sorted(answer.silver, key=number)
    assert built.demand == reference.zone_hour_demand(silver)


def number(row: oracle.Row) -> int:
    return row["source_row"]


@pytest.mark.full
def test_both_months_together_are_one_after_the_other(
    shared_data: Path, october: Built, january: Built, tmp_path: Path
):
    with cut_into(SIZE):
        both = build([shared_data / "tlc" / JANUARY, shared_data / "tlc" / OCTOBER], tmp_path)

    assert both.silver.files == october.silver.files + january.silver.files
    assert both.silver.broken == {
        name: october.silver.broken.get(name, 0) + january.silver.broken.get(name, 0)
        for name in october.silver.broken | january.silver.broken
    }
    rows = both.rows(both.silver_parts)
    assert both.demand == reference.zone_hour_demand(rows)
    assert len(rows) == len(october.rows(october.silver_parts)) + len(january.rows(january.silver_parts))
