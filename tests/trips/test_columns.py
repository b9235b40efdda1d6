"""Columns are read as they lie in memory: the right numbers where there are some, whatever the slices and chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips.columns import Columns
from course_lib.trips.schema import SERVICES, TIME

QUICK = settings(max_examples=40)
TYPES = {"fare_cents": pa.int32(), "trip_id": pa.int64(), "pickup_at": TIME}
VALUES = st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=20)
SERVICE = st.lists(st.sampled_from((None, *SERVICES, "uber", "")), max_size=12)


def cut(array: pa.Array, start: int, chunks: bool) -> pa.ChunkedArray:
    """The array from `start` on, as a slice, in one piece or in several."""
    rest = array.slice(start)
    return pa.chunked_array([rest.slice(i, 2) for i in range(0, len(rest), 2)] if chunks else [rest], array.type)


@pytest.mark.parametrize("name", TYPES)
@QUICK
@given(values=VALUES, start=st.integers(0, 5), chunks=st.booleans())
def test_values_and_nulls_are_those_of_the_table(name: str, values: list[int | None], start: int, chunks: bool):
    array = pa.array(values, pa.int64()).cast(TYPES[name])
    columns = Columns(pa.table({name: cut(array, start, chunks)}))
    kept = values[start:]

    assert columns.rows == len(kept)
    assert columns.null(name).tolist() == [value is None for value in kept]
    assert (columns.valid(name) is None) == (None not in kept)
    assert [None if gone else int(n) for n, gone in zip(columns.values(name), columns.null(name), strict=True)] == kept
    assert columns.filled(name, -9).tolist() == [-9 if value is None else value for value in kept]


@QUICK
@given(SERVICE, st.integers(0, 4), st.booleans(), st.booleans())
def test_a_service_is_its_place_in_the_list_or_minus_one(
    values: list[str | None], start: int, chunks: bool, encoded: bool
):
    array = pa.array(values, pa.string())
    columns = Columns(pa.table({"service": cut(array.dictionary_encode() if encoded else array, start, chunks)}))

    assert columns.values("service").tolist() == [SERVICES.index(v) if v in SERVICES else -1 for v in values[start:]]
    assert columns.null("service").tolist() == [value is None for value in values[start:]]


def test_chunks_with_dictionaries_of_their_own_are_one_column():
    pieces = [pa.array([name]).dictionary_encode() for name in ("fhv", "green", "fhv")]
    columns = Columns(pa.table({"service": pa.chunked_array(pieces)}))

    assert [SERVICES[code] for code in columns.values("service")] == ["fhv", "green", "fhv"]


@pytest.mark.parametrize(
    "empty", [pa.array([], pa.int32()), pa.nulls(0, pa.int32()), pa.array([1], pa.int32()).slice(1)]
)
def test_a_column_without_rows_is_an_empty_array(empty: pa.Array):
    columns = Columns(pa.table({"fare_cents": empty}))

    assert columns.values("fare_cents").tolist() == []
    assert columns.filled("fare_cents", 0).tolist() == []


def test_a_table_that_was_filtered_to_nothing_is_read():
    whole = pa.table({"fare_cents": pa.array([1, None], pa.int32()), "service": ["green", None]})
    columns = Columns(whole.filter(pa.array([False, False])))

    assert (columns.values("fare_cents").tolist(), columns.values("service").tolist()) == ([], [])


def test_a_column_of_nulls_alone_is_read():
    columns = Columns(pa.table({"fare_cents": pa.nulls(3, pa.int32()), "pickup_at": pa.nulls(3, TIME)}))

    assert columns.filled("fare_cents", 7).tolist() == columns.filled("pickup_at", 7).tolist() == [7, 7, 7]


def test_a_filling_that_the_column_cannot_hold_is_refused():
    columns = Columns(pa.table({"fare_cents": pa.array([1, None], pa.int32())}))

    with pytest.raises(OverflowError):
        columns.filled("fare_cents", 2**40)


def test_a_column_is_made_once_and_shares_memory_with_the_table():
    array: Any = pa.array(np.arange(5, dtype=np.int32))
    columns = Columns(pa.table({"fare_cents": array}))

    assert columns.values("fare_cents") is columns.values("fare_cents")
    assert np.shares_memory(columns.values("fare_cents"), array.to_numpy())
