"""Of the versions of a trip the newest stands, in whatever order they come."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.transforms.newest import newest
from course_lib.trips.schema import TIME
from tests.transforms import oracle

QUICK = settings(max_examples=40)
AGES = (None, datetime(1900, 1, 1), datetime(1969, 12, 31, 23, 59, 59), datetime(1970, 1, 1), datetime(2100, 12, 31))
FILES = ("b.csv", "B.csv", "a/c.csv", "a.csv", "é.csv", "z.csv", "b.csv.gz", "")
SCHEMA = pa.schema(
    [("trip_id", pa.int64()), ("updated_at", TIME), ("source_file", pa.string()), ("source_row", pa.int64())]
)
IDS = st.sampled_from((1, 2, 2, 3, 2**63 - 1, -(2**63), 0))
VERSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "trip_id": IDS,
            "updated_at": st.sampled_from(AGES),
            "source_file": st.sampled_from(FILES),
            "source_row": st.integers(1, 4),
        }
    ),
    unique_by=lambda row: (row["source_file"], row["source_row"]),  # together unique, as in the schema
    max_size=25,
)


def table(rows: list[oracle.Row], encoded: bool = True) -> pa.Table:
    made = pa.Table.from_pylist(rows, SCHEMA)
    return made.set_column(2, "source_file", made["source_file"].dictionary_encode()) if encoded else made


def places(rows: Iterable[oracle.Row]) -> list[tuple[str, int, int]]:
    return sorted((row["source_file"], row["source_row"], row["trip_id"]) for row in rows)


def standing(trips: pa.Table) -> list[tuple[str, int, int]]:
    return places(trips.filter(pa.array(newest(trips))).to_pylist())


@QUICK
@given(VERSIONS, st.booleans())
def test_what_stands_is_what_the_slow_rule_says(rows: list[oracle.Row], encoded: bool):
    assert standing(table(rows, encoded)) == places(oracle.newest(rows))


@QUICK
@given(VERSIONS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count(rows: list[oracle.Row], order: random.Random):
    assert standing(table(order.sample(rows, len(rows)))) == standing(table(rows))


@QUICK
@given(VERSIONS, st.integers(0, 25))
def test_the_newest_of_the_newest_is_the_newest(rows: list[oracle.Row], cut: int):
    parts = [table(rows[:cut]), table(rows[cut:])]
    survivors = pa.concat_tables([part.filter(pa.array(newest(part))) for part in parts])

    assert standing(survivors) == standing(table(rows))


@QUICK
@given(VERSIONS)
def test_of_any_two_versions_exactly_one_stands(rows: list[oracle.Row]):
    for one in rows:
        for other in rows:
            if one is not other and one["trip_id"] == other["trip_id"]:
                assert newest(table([one, other])).sum() == 1
                assert newest(table([one, other])).tolist() == newest(table([other, one])).tolist()[::-1]


def version(**values: Any) -> oracle.Row:
    return {"trip_id": 1, "updated_at": datetime(2020, 10, 1), "source_file": "b.csv", "source_row": 5} | values


@pytest.mark.parametrize(
    "winner",
    [
        pytest.param({"updated_at": datetime(2020, 10, 1, 0, 0, 1)}, id="a second later"),
        pytest.param({"source_file": "a.csv", "source_row": 9}, id="as old, in an earlier file"),
        pytest.param({"source_file": "B.csv"}, id="as old, capitals come first"),
        pytest.param({"source_file": "b.cs"}, id="as old, the shorter name comes first"),
        pytest.param({"source_row": 4}, id="as old, in an earlier row"),
        pytest.param({"updated_at": datetime(2020, 10, 2), "source_file": "z", "source_row": 99}, id="age goes first"),
    ],
)
def test_the_better_version_stands(winner: oracle.Row):
    assert newest(table([version(), version(**winner)])).tolist() == [False, True]


def test_a_version_without_a_time_is_the_oldest():
    rows = [version(updated_at=None, source_file="a.csv"), version(updated_at=datetime(1900, 1, 1))]

    assert newest(table(rows)).tolist() == [False, True]


def test_no_rows_are_no_winners():
    assert newest(table([])).tolist() == []


def test_rows_in_several_pieces_are_one_table():
    rows = [version(), version(source_row=6), version(trip_id=2, source_file="a.csv")]
    pieces = pa.concat_tables([table(rows[:1]), table(rows[1:])])  # dictionaries that differ

    assert newest(pieces).tolist() == newest(table(rows)).tolist() == np.array([True, False, True]).tolist()
