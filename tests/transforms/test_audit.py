"""Each promise is checked: break it, and the check that guards it says so by its name."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from course_lib.storage import layout
from course_lib.transforms import audit
from course_lib.transforms.plan import HASHES
from course_lib.trips.schema import CANONICAL
from tests.transforms.trip_tables import GOOD, STARTS, Built, Input, Size, audited, build, cut_into, write

SIZE = Size(unit=30, small=4, strays=1000, hashes=1000)
OCTOBER, SEPTEMBER = "service=green/month=2020-10", "service=green/month=2020-09"


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """Silver of two months, several parts each, some strays; a quarantine; gold. The audit passes."""
    draw = random.Random(1)
    rows = []
    for number in range(120):
        start = draw.choice(STARTS[:2])
        rows.append(GOOD | {
            "trip_id": number % 110, "pickup_at": start, "dropoff_at": start + timedelta(minutes=9),
            "fare_cents": draw.choice((500, 500, 500, -500)), "pickup_zone": draw.choice((7, None)),
        })  # fmt: skip
    with cut_into(SIZE):
        made = build(write(tmp_path / "in", [Input("a.parquet", rows, 30, True)]), tmp_path / "work")
    assert audited(made) == []
    assert set(made.silver.parts) == {OCTOBER, SEPTEMBER}
    return made


def change(built: Built, part: str, new: pa.Table) -> None:
    layout.write_table(new, built.tables / part)


def failed(built: Built) -> list[str]:
    return [name for name, _ in audited(built)]


def part_of(built: Built, partition: str = OCTOBER) -> tuple[str, pa.Table]:
    """The first part of a partition with trips that gold counts, and its rows."""
    for part in built.silver.parts[partition]:
        table = layout.read_table(built.tables / part)
        if table["pickup_zone"].null_count < table.num_rows:
            return part, table.sort_by([("pickup_zone", "ascending")])  # nulls at the end
    raise AssertionError("no such part")


def test_a_lost_row_of_silver_is_seen(built: Built):
    part, rows = part_of(built)
    change(built, part, rows.slice(1))

    assert failed(built) == ["silver holds what was counted", "gold counts silver's trips"]


def test_a_part_that_is_there_twice_is_seen(built: Built):
    part, _ = part_of(built)
    (built.tables / part).with_name("again.parquet").write_bytes((built.tables / part).read_bytes())
    parts = built.silver.parts | {OCTOBER: [*built.silver.parts[OCTOBER], f"silver/{OCTOBER}/again.parquet"]}

    assert "each trip_id stands once" in failed(built._replace(silver=replace(built.silver, parts=parts)))


def test_a_row_that_took_the_place_of_another_is_seen(built: Built):
    part, rows = part_of(built)
    change(built, part, pa.concat_tables([rows.slice(0, 1), rows.slice(0, 1), rows.slice(2)]))

    assert "each trip_id stands once" in failed(built)


def test_a_trip_that_stands_in_two_months_is_seen(built: Built):
    part, rows = part_of(built)
    _, others = part_of(built, SEPTEMBER)
    ids = pa.concat_arrays([others["trip_id"].slice(0, 1).combine_chunks(), rows["trip_id"].slice(1).combine_chunks()])
    change(built, part, rows.set_column(0, "trip_id", ids).cast(rows.schema))

    assert failed(built) == ["each trip_id stands once"]


def test_a_row_in_the_wrong_month_is_seen(built: Built):
    part, rows = part_of(built)
    moved = rows.set_column(7, "pickup_at", pc.subtract(rows["pickup_at"], pa.scalar(timedelta(days=31))))
    change(built, part, moved.cast(rows.schema))

    assert failed(built) == ["each row lies in its partition"]


def test_the_first_second_of_the_next_month_is_seen(built: Built):
    part, rows = part_of(built)
    after = pa.array(np.full(rows.num_rows, np.datetime64("2020-11-01", "us")))
    change(built, part, rows.set_column(7, "pickup_at", after).set_column(8, "dropoff_at", pc.add(after, timedelta(1))))

    assert failed(built) == ["each row lies in its partition"]


def test_a_row_of_another_service_is_seen(built: Built):
    part, rows = part_of(built)
    change(built, part, rows.set_column(1, "service", pa.array(["fhv"] * rows.num_rows)).cast(rows.schema))

    assert failed(built) == ["each row lies in its partition"]


@pytest.mark.parametrize("at", ["first", "last"])
def test_the_first_and_the_last_second_of_a_month_belong_to_it(built: Built, at: str):
    part, rows = part_of(built)
    second = {"first": "2020-10-01T00:00:00", "last": "2020-10-31T23:59:59"}[at]
    times = pa.array(np.full(rows.num_rows, np.datetime64(second, "us")))
    change(built, part, rows.set_column(7, "pickup_at", times).set_column(8, "dropoff_at", pc.add(times, timedelta(1))))

    assert failed(built) == []


def test_a_lost_row_of_quarantine_is_seen(built: Built):
    (part, *_) = built.silver.quarantine
    change(built, part, layout.read_table(built.tables / part).slice(1))

    assert failed(built) == ["quarantine holds what was counted"]


def test_gold_that_counts_other_trips_is_seen(built: Built):
    gold = layout.read_table(built.tables / "gold/zone_hour.parquet")
    trips = pc.add(gold["trips"], pa.array([1] + [0] * (gold.num_rows - 1)))
    change(built, "gold/zone_hour.parquet", gold.set_column(2, "trips", trips))

    assert failed(built) == ["gold counts silver's trips"]


@pytest.mark.parametrize("fate", ["rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"])
def test_counts_that_do_not_add_up_are_seen_with_the_file(built: Built, fate: str):
    (file,) = built.silver.files
    silver = replace(built.silver, files=(replace(file, **{fate: getattr(file, fate) + 1}),))

    (name, found), *others = audited(built._replace(silver=silver))
    assert name == "rows are conserved"
    assert file.path in found
    assert len(others) == (fate in ("rows_silver", "rows_quarantined"))


def test_nulls_are_counted_by_column(built: Built, tmp_path: Path):
    parts = built.silver.parts[OCTOBER]
    seen = audit.examine(built.tables, OCTOBER, parts, tmp_path / "ids", 1)
    rows = built.rows(parts)

    assert seen["nulls"] == {name: sum(row[name] is None for row in rows) for name in CANONICAL.names}
    assert seen["rows"] == len(rows)


@pytest.mark.parametrize("shares", [1, 2, 7])
def test_repeats_are_counted_whatever_the_shares(built: Built, tmp_path: Path, shares: int):
    part, rows = part_of(built)
    ids = [5, 5, 5, -1, -1, 2**63 - 1, -(2**63), 6]
    change(built, part, pa.concat_tables([rows.slice(0, 1)] * len(ids)).set_column(0, "trip_id", pa.array(ids)))
    audit.examine(built.tables, OCTOBER, [part], tmp_path / "ids", shares)
    audit.examine(built.tables, SEPTEMBER, [part], tmp_path / "ids", shares)

    assert audit.repeats(tmp_path / "ids", [OCTOBER], shares) == 3
    assert audit.repeats(tmp_path / "ids", [OCTOBER, SEPTEMBER], shares) == 3 + len(ids)


def test_a_share_is_sorted_in_bounded_memory():
    assert [audit.shares_of(rows) for rows in (0, HASHES, HASHES + 1, 10 * HASHES)] == [1, 1, 2, 10]
