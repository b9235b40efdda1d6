"""The same table gives the same bytes, in types that every engine reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from course_lib.storage import layout
from course_lib.trips.schema import BRONZE, CANONICAL
from course_lib.validation.quarantine import QUARANTINE

N = 2_000


def trips(rows: int = N) -> pa.Table:
    """Trips with values of all kinds and some nulls in every column."""
    draw = np.random.default_rng(3)
    columns = []
    for field in BRONZE:
        numbers = draw.integers(0, 1 << 31, rows)
        if pa.types.is_string(field.type):
            column = pa.array(np.array(["green", "yellow", "é"])[numbers % 3])
        elif pa.types.is_timestamp(field.type):
            column = pa.array(numbers * 1_000_000).view(field.type)
        else:
            column = pa.array(numbers).cast(field.type)
        columns.append(pa.array(column.to_pylist(), field.type, mask=numbers % 7 == 0) if field.nullable else column)
    return pa.table(columns, schema=BRONZE)


def same(one: pa.Table, other: pa.Table) -> bool:
    return one.schema.names == other.schema.names and one.to_pylist() == other.to_pylist()


def test_the_same_table_gives_the_same_bytes(tmp_path: Path):
    for name in ("one", "two"):
        layout.write_table(trips(), tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_table_gives_the_same_bytes_however_it_lies_in_memory(tmp_path: Path):
    whole = trips()
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 900), whole.slice(901)])
    layout.write_table(whole, tmp_path / "whole")
    layout.write_table(pieces.combine_chunks(), tmp_path / "pieces")

    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_what_is_written_is_read_back(tmp_path: Path):
    layout.write_table(trips(), tmp_path / "t")

    assert same(layout.read_table(tmp_path / "t"), trips())
    assert layout.read_table(tmp_path / "t", ["fare_cents", "trip_id"]).column_names == ["fare_cents", "trip_id"]


@pytest.mark.parametrize("schema", [CANONICAL, BRONZE, QUARANTINE])
def test_a_table_without_rows_is_a_file(tmp_path: Path, schema: pa.Schema):
    layout.write_table(schema.empty_table(), tmp_path / "t")

    assert layout.read_table(tmp_path / "t").num_rows == 0
    assert layout.read_table(tmp_path / "t").schema.names == schema.names


def test_only_types_that_every_engine_reads_are_on_disk(tmp_path: Path):
    whole = trips().append_column("share", pa.array(np.zeros(N)))
    encoded = whole.set_column(1, "service", whole["service"].dictionary_encode())
    layout.write_table(encoded, tmp_path / "t")

    with pq.ParquetFile(tmp_path / "t") as file:
        logical = {str(file.schema.column(i).logical_type) for i in range(len(file.schema))}
        physical = {file.schema.column(i).physical_type for i in range(len(file.schema))}
        assert file.schema_arrow.metadata is None
        types = {str(field.type) for field in file.schema_arrow}
    assert types == {"int32", "int64", "string", "timestamp[us]", "double"}
    assert physical == {"INT32", "INT64", "BYTE_ARRAY", "DOUBLE"}
    assert {kind.split("(")[0] for kind in logical} == {"None", "String", "Timestamp"}


def test_times_have_no_zone_on_disk(tmp_path: Path):
    layout.write_table(trips(10), tmp_path / "t")

    with pq.ParquetFile(tmp_path / "t") as file:
        told = str(file.schema.column(CANONICAL.names.index("pickup_at")).logical_type)
    assert "isAdjustedToUTC=false" in told
    assert "microseconds" in told


def test_row_groups_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "ROW_GROUP", 1_000)
    layout.write_table(trips(2_500), tmp_path / "t")

    metadata = pq.read_metadata(tmp_path / "t")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [1_000, 1_000, 500]


def test_strings_that_repeat_are_read_as_dictionaries_and_others_are_not(tmp_path: Path):
    layout.write_table(trips(100), tmp_path / "t")

    with layout.open_table(tmp_path / "t") as file:
        read = file.read(use_threads=False)
    assert {name for name in read.column_names if pa.types.is_dictionary(read[name].type)} == {
        "service", "operator", "source_file"
    }  # fmt: skip
    assert same(
        pa.table({n: c.cast(BRONZE.field(n).type) for n, c in zip(read.column_names, read.columns, strict=True)}),
        trips(100),
    )


def test_nulls_are_counted_in_the_footer(tmp_path: Path):
    whole = trips(100)
    layout.write_table(whole, tmp_path / "t")

    group = pq.read_metadata(tmp_path / "t").row_group(0)
    counted = {group.column(i).path_in_schema: group.column(i).statistics.null_count for i in range(group.num_columns)}
    assert counted == {name: whole[name].null_count for name in whole.column_names}
