"""A hash that occurs once proves that its row is alone; nothing that has a partner may be missed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.transforms.keys import TWIN_FIELDS, Candidates, finalise, id_hashes, repeated, twin_hashes
from course_lib.trips.columns import Columns
from course_lib.trips.schema import CANONICAL
from tests.transforms.trip_tables import GOOD

QUICK = settings(max_examples=50)
HASHES = st.lists(
    st.one_of(st.integers(0, 9), st.integers(0, 2**32 - 1), st.integers(2**32 - 5, 2**32 - 1)), max_size=40
)


def uint32(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.uint32)


@QUICK
@given(HASHES)
def test_repeated_are_the_values_that_a_counter_counts_twice(numbers: list[int]):
    twice = sorted(number for number, times in Counter(numbers).items() if times > 1)

    assert repeated(uint32(numbers)).tolist() == twice


@QUICK
@given(HASHES, HASHES)
def test_a_set_of_candidates_contains_what_a_set_contains(members: list[int], asked: list[int]):
    candidates = Candidates(np.unique(uint32(members)))
    asked = asked + members + [(number + 1) % 2**32 for number in members]

    assert candidates.contains(uint32(asked)).tolist() == [number in set(members) for number in asked]


@pytest.mark.parametrize("member", [0, 1, 255, 256, 2**31, 2**32 - 1])
def test_a_set_at_the_edges_of_its_bitmap(member: int):
    candidates = Candidates(uint32([member]))
    near = [(member + step) % 2**32 for step in (-257, -256, -1, 0, 1, 255, 256, 2048)]

    assert candidates.contains(uint32(near)).tolist() == [number == member for number in near]


def test_the_empty_set_contains_nothing_and_nothing_is_in_no_set():
    assert Candidates(uint32([])).contains(uint32([0, 5])).tolist() == [False, False]
    assert Candidates(uint32([5])).contains(uint32([])).tolist() == []


def columns(*rows: dict[str, Any]) -> Columns:
    names = ["trip_id", "service", *TWIN_FIELDS]
    return Columns(pa.Table.from_pylist([GOOD | row for row in rows], pa.schema([CANONICAL.field(n) for n in names])))


ODD_TWINS = st.fixed_dictionaries(
    {
        "service": st.sampled_from(("green", "yellow", None)),
        "pickup_at": st.sampled_from((datetime(2020, 1, 1), datetime(1969, 12, 31), None)),
        "dropoff_at": st.sampled_from((datetime(2020, 1, 1), datetime(1970, 1, 1), None)),
        "pickup_zone": st.sampled_from((1, 263, None)),
        "dropoff_zone": st.sampled_from((1, 263, None)),
        "distance_m": st.sampled_from((0, -1, 2**31 - 1, -(2**31), None)),
    }
)


@QUICK
@given(st.lists(ODD_TWINS, max_size=12))
def test_trips_that_are_alike_have_one_hash_null_being_equal_to_null(rows: list[dict[str, Any]]):
    hashes = twin_hashes(columns(*rows)).tolist()
    keys = [tuple(row.values()) for row in rows]

    # Two different trips may have one hash by chance; among so few it happens once in 10**8 tables, and never here.
    assert [[a == b for a in hashes] for b in hashes] == [[a == b for a in keys] for b in keys]


@pytest.mark.parametrize("name", ["service", *TWIN_FIELDS])
def test_each_field_counts_in_a_twin_hash_and_null_is_none_of_its_values(name: str):
    other = {"service": "fhv", "pickup_at": datetime(1970, 1, 1), "dropoff_at": datetime(1970, 1, 1)}.get(name, 0)
    usual, changed, empty = twin_hashes(columns({}, {name: other}, {name: None})).tolist()

    assert len({usual, changed, empty}) == 3


def test_values_that_change_places_make_another_hash():
    there, back = twin_hashes(columns({"pickup_zone": 7, "dropoff_zone": 9}, {"pickup_zone": 9, "dropoff_zone": 7}))

    assert there != back


@QUICK
@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=20))
def test_equal_ids_have_one_hash_and_the_ids_stay_as_they_are(ids: list[int | None]):
    trips = columns(*({"trip_id": number} for number in ids))
    hashes = id_hashes(trips).tolist()

    known = [(number, found) for number, found in zip(ids, hashes, strict=True) if number is not None]
    assert len(set(known)) == len({number for number, _ in known})
    assert trips.table["trip_id"].to_pylist() == ids
    assert id_hashes(trips).tolist() == hashes


def test_neighbouring_ids_do_not_meet_more_often_than_by_chance():
    ids = pa.table({"trip_id": np.arange(1 << 16)})

    meetings = (1 << 16) - len(set(id_hashes(Columns(ids)).tolist()))

    assert meetings <= 4  # half a meeting is expected of 65,536 values among 2**32


def test_the_finaliser_gives_the_first_numbers_of_splitmix64():
    """Steele, Lea and Flood: the stream of seed 0, whose states are multiples of the golden gamma."""
    with np.errstate(over="ignore"):
        states = np.arange(1, 4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    assert [hex(number) for number in finalise(states).tolist()] == [
        "0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f",
    ]  # fmt: skip
