"""Do the course and its peers give the same answer to the batch job?

The oracle is the job in plain Python, row by row, with the reference job for gold. The trips are 20,000 generated ones
and a month of edges: rows drawn from the few values at which rules, ties and nulls turn.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import agreement, batch, data, job, meter, report
from benchmarks.agreement import Disagreement, Facts, differences, facts
from course_lib.ingestion.synthetic import PUBLISHED
from course_lib.reference import zone_hour_demand
from course_lib.trips.schema import CANONICAL, NAMES

Row = dict[str, Any]

QUICK = ["duckdb", "polars", "pandas"]
SLOW = sorted(set(batch.PEERS) - set(QUICK))  # variants, and those that start worker processes

NOON = datetime(2024, 4, 10, 12)
EDGES: dict[str, list[Any]] = {
    "trip_id": [*range(150), *range(150), None, -5, 2**63 - 1, 2**53 + 1],
    "service": [*job.SERVICES * 5, None, "blue", "Yellow", ""],
    "vendor_id": [1] * 60 + [None, -1, 32_767, 32_768, -32_769],
    "rate_code": [1] * 60 + [None, -1, 32_767, 32_768, -32_769],
    "payment_type": [1] * 60 + [None, -1, 32_767, 32_768, -32_769],
    "passengers": [1] * 60 + [None, -1, 0, 32_767, 32_768],
    "operator": [None, "B00001"],
    "pickup_at": [NOON, NOON + timedelta(minutes=59, seconds=59), NOON + timedelta(hours=1), datetime(2009, 1, 1)] * 5
    + [None],
    "dropoff_at": [NOON + timedelta(hours=2), NOON + timedelta(hours=3)] * 6
    + [None, NOON, NOON + timedelta(hours=23), NOON + timedelta(hours=23, seconds=1)],
    "pickup_zone": [1, 263] * 12 + [None, 0, 264, 265, 999, -1],
    "dropoff_zone": [1, 263] * 12 + [None, 0, 264, 265, 999, -1],
    "distance_m": [1, 160_934] * 12 + [None, 0, -5, 160_935],
    "fare_cents": [500, 0, 500, -500, 2**31 - 1, None],
    "tip_cents": [None, 100],
    "tolls_cents": [None, 655],
    "surcharges_cents": [None, 350],
    "total_cents": [None, 1_000],
    "vehicle_id": [None, 7],
    "updated_at": [None, NOON, NOON + timedelta(days=1)],
}


def edge(rng: random.Random) -> Row:
    row = {name: rng.choice(values) for name, values in EDGES.items()}
    # Whether such a row has a twin, or is one, is open: some readers make its key null first. So it is neither.
    zones = (row["pickup_zone"], row["dropoff_zone"])
    if row["pickup_at"] is None or row["service"] not in job.SERVICES or {0, 999, -1} & set(zones):
        row["fare_cents"] = rng.choice([None, 0])
    return row


def edges(rows: int, seed: int) -> pa.Table:
    rng = random.Random(seed)
    return pa.Table.from_pylist([edge(rng) for _ in range(rows)], PUBLISHED)


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> data.Inputs:
    found = data.inputs(20_000, tmp_path_factory.mktemp("trips"), months=3)
    for month in (4, 5):  # a trip_id returns in the next month's file, and the same file's order decides
        pq.write_table(
            edges(1_500, seed=month),
            found.folder / f"trips_2024-0{month}.parquet",
            row_group_size=400,
            store_schema=False,
        )
    files = tuple(sorted(found.folder.glob(job.INPUTS)))
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    return data.Inputs(found.folder, files, rows, sum(path.stat().st_size for path in files), None)


@pytest.fixture(scope="module")
def answer(trips: data.Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The oracle's answer, laid out as a peer's."""
    out = tmp_path_factory.mktemp("oracle")
    rows = list(published(trips.files))
    paid = payers(rows)
    reasons = [list(broken_rules(row, paid)) for row in rows]
    valid = [row for row, why in zip(rows, reasons, strict=True) if not why]
    silver = list(newest(valid))
    write(silver, out / job.SILVER / "trips.parquet")
    refused = [{**row, "reasons": ";".join(why)} for row, why in zip(rows, reasons, strict=True) if why]
    write(refused, out / job.QUARANTINE / "trips.parquet")
    (out / job.ZONE_HOURS).write_text(zone_hour_demand(silver))
    told = job.Told(len(rows), len(silver), len(refused), len(valid) - len(silver))
    (out / job.TOLD).write_text(json.dumps(told._asdict()))
    return out


@pytest.fixture(scope="module")
def truth(answer: Path, trips: data.Inputs) -> Facts:
    return facts("oracle", answer, trips.rows)


def published(files: Iterable[Path]) -> Iterator[Row]:
    for path in files:
        for number, row in enumerate(pq.read_table(path).to_pylist(), 1):
            for zone in ("pickup_zone", "dropoff_zone"):
                row[zone] = None if row[zone] in job.UNKNOWN_ZONES else row[zone]
            yield {**row, "source_file": path.name, "source_row": number}


def payers(rows: list[Row]) -> dict[tuple, set[int | None]]:
    """The trip_ids with a positive fare, by what twins agree in."""
    found = defaultdict(set)
    for row in rows:
        if (row["fare_cents"] or 0) > 0:
            found[twin(row)].add(row["trip_id"])
    return found


def twin(row: Row) -> tuple:
    return tuple(row[name] for name in job.TWIN)


def broken_rules(row: Row, paid: dict[tuple, set[int | None]]) -> Iterator[str]:
    """Every rule that `row` breaks, in the order of the job."""

    def outside(name: str, least: int, most: int) -> bool:
        return row[name] is not None and not least <= row[name] <= most

    start, end, fare, distance = row["pickup_at"], row["dropoff_at"], row["fare_cents"], row["distance_m"]
    gap = end - start if start and end else None
    if row["trip_id"] is None or row["service"] is None or start is None:
        yield "required_null"
    if (
        (row["service"] is not None and row["service"] not in job.SERVICES)
        or any(outside(zone, 1, 263) for zone in ("pickup_zone", "dropoff_zone"))
        or any(outside(code, -(2**15), 2**15 - 1) for code in ("vendor_id", "rate_code", "payment_type"))
        or outside("passengers", 0, 2**15 - 1)
    ):
        yield "outside_type"
    if gap is not None and gap <= timedelta(0):
        yield "dropoff_not_after_pickup"
    if gap is not None and gap > timedelta(hours=23):
        yield "longer_than_23h"
    if fare is not None and fare < 0:
        yield "refund" if paid.get(twin(row), set()) - {row["trip_id"]} else "negative_fare"
    if distance is not None and distance <= 0:
        yield "distance_not_positive"
    if distance is not None and distance > 160_934:
        yield "distance_over_100_miles"


def newest(valid: list[Row]) -> Iterator[Row]:
    """The newest row of every trip_id."""
    rivals: dict[int, list[Row]] = defaultdict(list)
    for row in valid:
        rivals[row["trip_id"]].append(row)
    for rows in rivals.values():
        rows.sort(key=lambda row: (row["source_file"].encode(), row["source_row"]))
        yield max(rows, key=lambda row: row["updated_at"] or datetime.min)  # the first of the largest


def write(rows: list[Row], path: Path) -> None:
    path.parent.mkdir(parents=True)
    names = [*NAMES, *(["reasons"] if rows and "reasons" in rows[0] else [])]
    columns = {n: pa.array([r[n] for r in rows], CANONICAL.field(n).type if n in NAMES else pa.string()) for n in names}
    pq.write_table(pa.table(columns), path)


def test_the_edges_hold_every_reason_refunds_of_unknown_trips_and_duplicates(truth: Facts) -> None:
    assert set(truth.reasons) == set(job.REASONS)
    assert min(truth.reasons.values()) > 50 and truth.rows_duplicate > 500


@pytest.mark.parametrize("peer", [*QUICK, *(pytest.param(name, marks=pytest.mark.full) for name in SLOW)])
def test_every_peer_gives_the_answer_of_the_oracle(peer: str, trips: data.Inputs, truth: Facts, tmp_path: Path) -> None:
    _, found = batch.once(peer, trips, tmp_path / peer, cores=2)

    assert differences(truth, found) == []


def test_rows_may_lie_in_any_order_and_in_any_number_of_files(answer: Path, truth: Facts, tmp_path: Path) -> None:
    out = shutil.copytree(answer, tmp_path / "other")
    for name in (job.SILVER, job.QUARANTINE):
        table = pq.read_table(out / name / "trips.parquet")
        backwards = table.take(list(range(len(table) - 1, -1, -1)))
        pq.write_table(backwards.slice(0, 100), out / name / "trips.parquet")
        (out / name / "more").mkdir()
        pq.write_table(backwards.slice(100), out / name / "more" / "rest.parquet")

    assert facts("other", out, truth.rows_read) == truth


@pytest.mark.parametrize("column", ["trip_id", "updated_at", "fare_cents"])
def test_one_changed_value_in_silver_is_found(column: str, answer: Path, truth: Facts, tmp_path: Path) -> None:
    out = shutil.copytree(answer, tmp_path / "other")
    path = out / job.SILVER / "trips.parquet"
    table = pq.read_table(path)
    values = table[column].to_pylist()
    values[5] = values[6] if values[5] != values[6] else None
    pq.write_table(
        table.set_column(NAMES.index(column), column, pa.array(values, table.schema.field(column).type)), path
    )

    assert [line.split()[0] for line in differences(truth, facts("other", out, truth.rows_read))] == ["silver"]


@pytest.mark.parametrize("table", [job.SILVER, job.QUARANTINE])
def test_a_lost_row_is_found(table: str, answer: Path, truth: Facts, tmp_path: Path) -> None:
    out = shutil.copytree(answer, tmp_path / "other")
    path = out / table / "trips.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)

    with pytest.raises(Disagreement) as caught:
        facts("other", out, truth.rows_read)

    told = {job.SILVER: truth.rows_silver, job.QUARANTINE: truth.rows_quarantined}[table]
    assert f"{told - 1:,} are there" in caught.value.found[0]


def test_a_peer_that_fails_is_named_with_the_end_of_its_output(trips: data.Inputs, tmp_path: Path) -> None:
    broken = data.Inputs(tmp_path / "nowhere", (), 0, 0, None)

    with pytest.raises(batch.Died, match="duckdb ended with code 2") as caught:
        batch.once("duckdb", broken, tmp_path / "out", cores=2)

    assert "no file trips_*.parquet" in str(caught.value)


def test_peak_memory_counts_descendants(tmp_path: Path) -> None:
    child = "import time; held = b'x' * 150_000_000; time.sleep(0.5)"
    parent = f"import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {child!r}]); {child}; p.wait()"

    used = meter.run([sys.executable, "-c", parent], tmp_path / "log")

    assert used.code == 0 and 300e6 < used.peak_bytes < 400e6


def test_the_page_keeps_other_sizes_and_replaces_the_same(tmp_path: Path) -> None:
    took = dict.fromkeys(["wall_s", "job_s", "cpu_s", "peak_mb", "answer_mb", "written_mb", "input_mb", "load"], 1.0)
    counts = dict.fromkeys(["files", "rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"], 1)
    run = {"kind": "batch", "peer": "course", "machine": {}, **took, **counts}
    report.save(tmp_path, [{**run, "trips": 5_000_000, "wall_s": 99.0}])
    report.save(tmp_path, [{**run, "trips": 25_000_000}, {**run, "trips": 25_000_000, "peer": "dask", "wall_s": 7.0}])
    report.save(tmp_path, [{**run, "trips": 5_000_000}])

    page = (tmp_path / report.PAGE).read_text()
    assert page.index("### 5 million") < page.index("### 25 million")
    assert "| dask | 7.0 (7.0)" in page and "7.0x" in page and "99.0" not in page


def test_agreement_is_asked_of_every_row_of_the_page() -> None:
    assert agreement.Facts._fields[:4] == job.Told._fields
