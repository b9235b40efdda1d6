"""The cut of the input is whole, in order, bounded, and depends on the input alone."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.transforms import index, refine
from course_lib.transforms.keys import repeated
from course_lib.transforms.plan import Bronze, buckets, units
from course_lib.trips.columns import Columns
from course_lib.trips.schema import SERVICES
from tests.transforms.trip_tables import GOOD, STARTS, Input, Size, build, columns, cut_into, write

GROUPS = st.lists(st.integers(0, 9), max_size=12)


def file(groups: list[int]) -> Bronze:
    return Bronze(3, "", "a", "a", "h", True, frozenset(), None, tuple(groups))


@given(GROUPS, st.integers(1, 20))
def test_units_are_all_row_groups_once_in_order_and_bounded(groups: list[int], size: int):
    cut = units(file(groups), size)

    assert [row for unit in cut for row in range(unit.before, unit.before + unit.rows)] == list(range(sum(groups)))
    covered = [group for unit in cut for group in range(unit.first, unit.last)]
    assert covered == sorted(set(covered))
    assert all(groups[group] == 0 for group in set(range(len(groups))) - set(covered))
    for unit in cut:
        full = [groups[group] for group in range(unit.first, unit.last) if groups[group]]
        assert unit.rows > 0
        assert unit.rows <= size or len(full) == 1  # one row group cannot be cut
    assert len({unit.name for unit in cut}) == len(cut)


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_buckets_hold_about_so_many_unless_there_would_be_too_many(rows: int, size: int):
    cut = buckets(rows, size)

    assert 1 <= cut <= 256
    assert cut == 256 or rows <= cut * size
    assert cut == 1 or rows > (cut - 1) * size


EVERYWHERE = st.integers(0, 255).map(lambda n: n * 0x01010101)  # 0 to 2**32 - 1, in all buckets alike


@settings(max_examples=40)
@given(
    st.lists(st.lists(EVERYWHERE, max_size=12), max_size=4),
    st.sampled_from((1, 2, 5)),
    st.data(),
)
def test_repeated_hashes_are_found_across_files_and_buckets_and_come_back_sorted(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]], cut: int, data: st.DataObject
):
    folder = tmp_path_factory.mktemp("index")
    pool = [number for numbers in files for number in numbers]
    files = [numbers + data.draw(st.lists(st.sampled_from(pool), max_size=3)) if pool else numbers for numbers in files]
    folders = []
    for number, hashes in enumerate(files):
        folders.append(folder / str(number))
        folders[-1].mkdir()
        for part in (hashes[:5], hashes[5:]):
            index._append(folders[-1], "ids", np.array(part, np.uint32), cut)
    (folder / "found").mkdir()
    rows = [index.find_repeats(folders, "ids", bucket, folder / "found" / f"ids-{bucket}") for bucket in range(cut)]

    found = index.read_candidates(folder / "found", "ids", cut)
    every = np.array([number for numbers in files for number in numbers], np.uint32)
    assert found.tolist() == repeated(every.copy()).tolist()
    assert sum(rows) == int(np.isin(every, found).sum())


def test_candidates_of_more_buckets_that_an_earlier_run_left_are_passed_over(tmp_path: Path):
    for bucket, hashes in enumerate(([1], [2], [3])):
        np.array(hashes, np.uint32).tofile(tmp_path / f"ids-{bucket}")

    assert index.read_candidates(tmp_path, "ids", 2).tolist() == [1, 2]


@given(st.lists(st.tuples(st.sampled_from(STARTS), st.sampled_from(SERVICES), st.booleans()), max_size=20))
def test_each_marked_row_is_in_the_partition_of_its_service_and_month(rows: list[tuple]):
    made = [
        GOOD | {"pickup_at": at, "service": service, "source_file": "a", "source_row": 1} for at, service, _ in rows
    ]
    trips: Columns = columns(made)
    marked = np.array([mark for _, _, mark in rows], bool)

    found = refine.partitions(trips, marked)

    where = [(row, part.name) for part in found for row in part.rows.tolist()]
    assert sorted(where) == [
        (n, f"service={service}/month={at:%Y-%m}") for n, (at, service, mark) in enumerate(rows) if mark
    ]
    assert len({part.name for part in found}) == len(found)
    for part, piece in zip(found, refine.pieces(trips.table, found), strict=True):
        assert piece == trips.table.take(part.rows)
        assert (np.diff(part.rows) > 0).all()


def test_rows_of_partitions_too_small_for_a_part_are_counted_before_they_are_pooled():
    """The count says into how many buckets they go; a count that is too low would make a bucket of unbounded size."""
    one = [GOOD | {"source_file": "a", "source_row": 1}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SMALL", 3)
        months = [
            row | {"pickup_at": at} for row in one for at, n in zip(STARTS, (7, 5, 2), strict=False) for _ in range(n)
        ]

        assert index.pooled_rows(columns(months)) == 0 + 5 + 0  # October twice: 9 rows; September: 5
        assert index.pooled_rows(columns([])) == 0
        assert index.pooled_rows(columns([row | {"pickup_at": None} for row in one * 5])) == 5


def test_many_months_in_any_order_are_pooled_in_bounded_buckets(tmp_path: Path):
    """Rows of forty months in no order: no unit has enough of any for a part of its own."""
    rows = [GOOD | {"trip_id": n, "pickup_at": datetime(2000 + n % 40, 1, 1), "dropoff_at": None} for n in range(200)]
    with cut_into(Size(unit=50, small=20, strays=30, hashes=1000)):
        built = build(write(tmp_path / "in", [Input("a.parquet", rows, 50, True)]), tmp_path / "work")

    resolved = sorted((tmp_path / "work" / "records" / "resolve").iterdir())
    kept = [sum(json.loads(path.read_text())["found"]["silver"].values()) for path in resolved]
    assert sum(kept) == built.silver.total("rows_silver") == 200
    assert max(kept) < 2 * 30
