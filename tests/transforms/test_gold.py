"""Every gold table says what adding up by hand says, before 1970 and for vehicles below zero too."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import reference
from course_lib.aggregates.grouped import Grouped, merge_all
from course_lib.storage import layout
from course_lib.transforms import aggregate
from course_lib.transforms.gold import TABLES, zone_hour_csv
from course_lib.trips.columns import Columns
from course_lib.trips.schema import CANONICAL
from tests.transforms.oracle import Row
from tests.transforms.trip_tables import GOOD, STARTS, columns

QUICK = settings(max_examples=15)
BIG = 2**31 - 1


@st.composite
def silver(draw: st.DrawFn) -> Row:
    """A row that the contract lets into silver: much may be null, nothing is below zero but vehicles."""
    start = draw(st.sampled_from(STARTS))
    lasts = draw(st.sampled_from((None, 1, 599, 3_600, 82_800)))
    return GOOD | {
        "pickup_at": start,
        "dropoff_at": None if lasts is None else start + timedelta(seconds=lasts),
        "pickup_zone": draw(st.sampled_from((None, 1, 7, 7, 263))),
        "dropoff_zone": draw(st.sampled_from((None, 1, 9, 263))),
        "distance_m": draw(st.sampled_from((None, 1, 1500, 160_934))),
        "fare_cents": draw(st.sampled_from((None, 0, 500, BIG))),
        "vehicle_id": draw(st.sampled_from((None, 0, 5, -1, -7, BIG, -BIG))),
        "source_file": "a",
        "source_row": draw(st.integers(1, 2**40)),
        "trip_id": draw(st.integers(-(2**63), 2**63 - 1)),
    }


ROWS = st.lists(silver(), max_size=25, unique_by=lambda row: row["trip_id"])


def hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0)


def midnight(at: datetime) -> datetime:
    return hour(at).replace(hour=0)


def by_hand(rows: list[Row], key: Callable[[Row], tuple], needs: tuple[str, ...], sums: tuple[str, ...]) -> list[tuple]:
    """Rows with all of `needs`, grouped by `key`, sorted: the key, the number of rows, and each sum; a null adds 0."""
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        if all(row[name] is not None for name in needs):
            seconds = (row["dropoff_at"] - row["pickup_at"]) // timedelta(seconds=1)
            groups[key(row)].append(row | {"seconds": seconds, "seconds_sq": seconds**2})
    return [(*k, len(g), *(sum(row[name] or 0 for row in g) for name in sums)) for k, g in sorted(groups.items())]


SLOW: dict[str, Callable[[list[Row]], list[tuple]]] = {
    "zone_ended_hour": lambda rows: by_hand(
        rows, lambda row: (hour(row["dropoff_at"]), row["pickup_zone"]), ("pickup_zone", "dropoff_at"),
        ("seconds", "seconds_sq", "distance_m"),
    ),
    "route_day": lambda rows: by_hand(
        rows, lambda row: (midnight(row["dropoff_at"]), row["pickup_zone"], row["dropoff_zone"]),
        ("pickup_zone", "dropoff_zone", "dropoff_at"), ("seconds", "seconds_sq", "distance_m", "fare_cents"),
    ),
    "vehicle_day": lambda rows: by_hand(
        rows, lambda row: (midnight(row["pickup_at"]), row["vehicle_id"]), ("vehicle_id", "dropoff_at"),
        ("seconds", "distance_m", "fare_cents"),
    ),
}  # fmt: skip


def table(name: str, states: list[Grouped]) -> pa.Table:
    return TABLES[name].table(merge_all(states))


def tuples(found: pa.Table) -> list[tuple]:
    return [tuple(row.values()) for row in found.to_pylist()]


def test_every_table_has_a_slow_twin():
    assert set(TABLES) == {*SLOW, "zone_hour"}


@pytest.mark.parametrize("name", SLOW)
@QUICK
@given(rows=ROWS)
def test_a_gold_table_is_what_adding_up_by_hand_says(name: str, rows: list[Row]):
    assert tuples(table(name, [TABLES[name].state(columns(rows))])) == SLOW[name](rows)


@QUICK
@given(ROWS)
def test_demand_is_the_reference_job_to_the_byte(rows: list[Row]):
    assert zone_hour_csv(table("zone_hour", [TABLES["zone_hour"].state(columns(rows))])) == reference.zone_hour_demand(
        rows
    )


@pytest.mark.parametrize("name", TABLES)
@QUICK
@given(rows=ROWS, cuts=st.lists(st.integers(0, 25), max_size=3), order=st.randoms(use_true_random=False))
def test_the_states_of_any_parts_merge_into_the_table_of_the_whole(
    name: str, rows: list[Row], cuts: list[int], order: random.Random
):
    shuffled = order.sample(rows, len(rows))
    ends = [0, *sorted(cuts), len(rows)]
    parts = [TABLES[name].state(columns(shuffled[a:b])) for a, b in itertools.pairwise(ends)]

    assert table(name, parts).equals(table(name, [TABLES[name].state(columns(rows))]))


@pytest.mark.parametrize("name", TABLES)
def test_gold_is_written_in_types_that_every_engine_reads(name: str):
    for rows in ([], [GOOD | {"source_file": "a", "source_row": 1, "vehicle_id": 1}]):
        found = table(name, [TABLES[name].state(columns(rows))])

        assert found.num_rows == len(rows)
        assert {str(field.type) for field in found.schema} <= {"int32", "int64", "timestamp[us]"}
        assert {str(field.type) for field in found.schema.field(0).flatten()} == {"timestamp[us]"}


def test_a_table_reads_no_column_but_those_it_names():
    row = GOOD | {"source_file": "a", "source_row": 1, "vehicle_id": 1}
    for name, gold in TABLES.items():
        asked = pa.Table.from_pylist([row], CANONICAL).select(list(gold.reads))

        assert table(name, [gold.state(Columns(asked))]).num_rows == 1, name


@QUICK
@given(ROWS)
def test_states_are_read_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]):
    path = tmp_path_factory.mktemp("states") / "state"
    states = {name: TABLES[name].state(columns(rows)) for name in TABLES}
    aggregate.write_states(states, path)

    for name, state in states.items():
        first = state.keys.tolist()[:1]
        assert aggregate.read_first(path, name) == (first[0] if first else None)
        if first:
            assert plain(aggregate.read_state(path, name)) == plain(state)
    assert aggregate.read_first(path, "another") is None


@QUICK
@given(st.lists(st.lists(st.integers(0, 40), max_size=9), max_size=9), st.integers(1, 12))
def test_states_merged_in_key_order_are_all_states_merged(
    tmp_path_factory: pytest.TempPathFactory, many: list[list[int]], most: int
):
    folder = tmp_path_factory.mktemp("states")
    states = [Grouped.of(np.array(keys, np.int64), {"n": np.ones(len(keys), np.int64)}, {}) for keys in many]
    for number, state in enumerate(states):
        aggregate.write_states({"demand": state}, folder / str(number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregate, "MERGED", most)

        pieces = [plain(piece) for piece in aggregate.in_key_order(sorted(folder.iterdir()), "demand")]

    whole = plain(merge_all([Grouped.empty(["n"]), *states]))
    assert {name: [value for piece in pieces for value in piece[name]] for name in whole} == whole


def plain(state: Grouped) -> dict[str, list[int]]:
    return {name: column.tolist() for name, column in state.finish().items()}


def test_parts_are_aggregated_row_group_by_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    draw = np.random.default_rng(5)
    rows = [
        GOOD | {"pickup_zone": int(zone), "source_file": "a", "source_row": n, "vehicle_id": int(zone) - 3}
        for n, zone in enumerate(draw.integers(1, 7, 60))
    ]
    monkeypatch.setattr(layout, "ROW_GROUP", 4)
    monkeypatch.setattr(aggregate, "PARTS", 3)
    parts = []
    for i in range(0, 60, 25):
        parts.append(tmp_path / f"{i}.parquet")
        layout.write_table(pa.Table.from_pylist(rows[i : i + 25], CANONICAL), parts[-1])
    states = [tmp_path / "one", tmp_path / "two", tmp_path / "none"]
    aggregate.aggregate(parts[:2], list(TABLES), states[0])
    aggregate.aggregate(parts[2:], list(TABLES), states[1])
    aggregate.aggregate([], list(TABLES), states[2])

    for name in TABLES:
        written = aggregate.write_gold(states, name, tmp_path / "gold.parquet")

        whole = table(name, [TABLES[name].state(columns(rows))])
        assert layout.read_table(tmp_path / "gold.parquet").equals(whole)
        assert written == whole.num_rows


def test_no_states_at_all_are_an_empty_table(tmp_path: Path):
    for name in TABLES:
        assert aggregate.write_gold([], name, tmp_path / "gold.parquet") == 0
        assert (
            layout.read_table(tmp_path / "gold.parquet").column_names
            == table(name, [TABLES[name].state(columns([]))]).column_names
        )


def test_values_that_stand_under_a_null_are_not_counted():
    """What lies in memory at a null is undefined: here it is the worst that could."""
    n, rubbish = 3, pa.py_buffer(np.full(3, 2**31 - 1, np.int32).tobytes())
    none = pa.py_buffer(b"\0")
    row: dict[str, Any] = {"trip_id": [1, 2, 3], "pickup_at": pa.array([0] * n, CANONICAL.field("pickup_at").type)}
    for name in ("pickup_zone", "dropoff_zone", "distance_m", "fare_cents", "vehicle_id"):
        row[name] = pa.Array.from_buffers(pa.int32(), n, [none, rubbish])
    row["dropoff_at"] = pa.Array.from_buffers(CANONICAL.field("dropoff_at").type, n, [none, pa.py_buffer(b"\x7f" * 24)])
    trips = Columns(pa.table(row))

    assert {name: table(name, [TABLES[name].state(trips)]).num_rows for name in TABLES} == dict.fromkeys(TABLES, 0)
