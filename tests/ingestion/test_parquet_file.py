"""Parquet editions are read whatever the types of their columns, and say the same as their CSV editions."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from course_lib.errors import UnreadableFile
from course_lib.ingestion.read import bronze_schema, read_bronze
from course_lib.trips import headers
from course_lib.trips.schema import BRONZE, CANONICAL, PROBLEM
from tests.ingestion.trip_files import FHV, GREEN, ROW, green, problems, read, source, write

NAMES = GREEN.split(",")
AT = dt.datetime(2020, 10, 1, 0, 31, 19)


def parquet(folder, table, name="green_tripdata_2020-10.parquet", **options):
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / name, **options)
    return folder / name


def columns(**others):
    """One green row as Parquet columns of strings, with other columns in some places."""
    plain = dict(zip(NAMES, ROW.split(","), strict=True))
    return pa.table({name: others.get(name, [plain[name] or None]) for name in NAMES})


def canonical_rows(n=3, **others):
    """n canonical rows, with other columns in some places."""
    values = {
        "trip_id": pa.array(range(n), pa.int64()),
        "service": pa.array(["yellow"] * n),
        "operator": pa.nulls(n, pa.string()),
        "pickup_at": pa.array([AT] * n, pa.timestamp("us")),
        "pickup_zone": pa.array([7] * n, pa.int32()),
    }
    fields = [field for field in CANONICAL if field.name not in headers.PROVENANCE]
    return pa.table({f.name: others.get(f.name, values.get(f.name, pa.nulls(n, f.type))) for f in fields})


# -- published files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param("fare_amount", pa.array([5], pa.int64()), id="whole dollars"),
        pytest.param("fare_amount", pa.array([5.0], pa.float32()), id="float32"),
        pytest.param("fare_amount", pa.array([Decimal("5.00")]), id="decimal"),
        pytest.param("fare_amount", pa.array([" 5.00 "], pa.large_string()), id="large string"),
        pytest.param("lpep_pickup_datetime", pa.array([AT], pa.timestamp("s")), id="seconds"),
        pytest.param("lpep_pickup_datetime", pa.array([AT], pa.timestamp("ns")), id="nanoseconds"),
        pytest.param("lpep_pickup_datetime", pa.array(["10/01/2020 12:31:19 AM"]), id="American text"),
        pytest.param("VendorID", pa.array([2.0]), id="code as double"),
        pytest.param("VendorID", pa.array([2], pa.int8()), id="code as int8"),
        pytest.param("VendorID", pa.array(["2"]).dictionary_encode(), id="code as dictionary"),
        pytest.param("ehail_fee", pa.nulls(1), id="a column of type null"),
        pytest.param("ehail_fee", pa.nulls(1, pa.float64()), id="a column of nulls"),
        pytest.param("ehail_fee", pa.array([float("nan")]), id="NaN"),
        pytest.param("trip_type", pa.array([1.0]), id="a kept column as double"),
    ],
)
def test_a_column_may_have_any_type(tmp_path, column, values):
    plain = read(write(tmp_path, f"{GREEN}\n{ROW}\n")).select(BRONZE.names).to_pylist()

    (row,) = read(parquet(tmp_path, columns(**{column: values}))).select(BRONZE.names).to_pylist()

    assert [row | {"source_file": plain[0]["source_file"]}] == plain


def test_kept_columns_keep_their_type_and_odd_types_become_text(tmp_path):
    table = columns(trip_type=pa.array([1.0]), store_and_fwd_flag=pa.array([["N"]]))

    bronze = read(parquet(tmp_path, table))

    assert bronze.schema.names[-2:] == ["store_and_fwd_flag", "trip_type"]
    assert bronze.schema.types[-2:] == [pa.string(), pa.float64()]


def test_what_is_odd_is_told_as_json(tmp_path):
    table = columns(
        fare_amount=pa.array([float("inf")]),
        PULocationID=pa.array([0]),
        store_and_fwd_flag=pa.array(['N"\n']),
        trip_distance=pa.array([0.79]),
    )

    (row,) = read(parquet(tmp_path, table)).to_pylist()

    assert problems(row) == {"fare_cents", "pickup_zone"}
    told = json.loads(row["raw"])
    assert (told["PULocationID"], told["store_and_fwd_flag"], told["trip_distance"]) == (0, 'N"\n', 0.79)
    assert told["lpep_pickup_datetime"] == "2020-10-01 00:31:19"
    assert "ehail_fee" not in told


def test_only_rows_with_problems_are_told(tmp_path):
    table = pa.concat_tables([columns(), columns(tip_amount=["x"]), columns()])

    raw = read(parquet(tmp_path, table))["raw"]

    assert [told is None for told in raw.to_pylist()] == [True, False, True]


def test_an_index_of_pandas_is_ignored(tmp_path):
    plain = read(parquet(tmp_path, columns()))

    table = columns().append_column("__index_level_0__", pa.array([42]))

    assert read(parquet(tmp_path, table)) == plain


def test_a_new_column_of_nulls_changes_no_id(tmp_path):
    plain = read(parquet(tmp_path, columns()))

    newer = read(parquet(tmp_path / "b", columns().append_column("cbd_congestion_fee", pa.nulls(1, pa.float64()))))
    charged = read(parquet(tmp_path / "c", columns().append_column("cbd_congestion_fee", pa.array([0.75]))))

    assert newer["trip_id"] == plain["trip_id"]
    assert charged["trip_id"] != plain["trip_id"]
    assert charged["surcharges_cents"][0].as_py() == plain["surcharges_cents"][0].as_py() + 75


def test_csv_and_parquet_editions_of_all_real_headers_say_the_same(tmp_path, shared_data):
    """Numbers become numbers, times timestamps, as in the TLC's own Parquet files."""
    for head in sorted((shared_data / "tlc/heads").glob("*.csv")):
        lines = head.read_bytes().replace(b"\r\n", b"\n").split(b"\n")[:-1]  # the last one is cut in half
        text = b"\n".join([lines[0].rstrip(b","), *(line for line in lines[1:] if line)])
        names = [name.strip(' "') for name in lines[0].decode().split(",")]
        width = next(line.count(b",") for line in lines[1:] if line) + 1
        extra = [f"x{i}" for i in range(width - len(names))]
        options = csv.ReadOptions(column_names=names + extra, skip_rows=1)
        table = csv.read_csv(pa.BufferReader(text + b"\n"), read_options=options).select(names)

        published = read(write(tmp_path, text + b"\n", head.name))
        republished = read(parquet(tmp_path, table, head.name.replace(".csv", ".parquet")))

        same = [name for name in BRONZE.names if name not in ("source_file", "raw")]  # raw: JSON and text
        assert republished.select(same) == published.select(same), head.name
        zone_0 = 1 << PROBLEM["dropoff_zone"]  # in fhv 2017
        assert set(published["problems"].to_pylist()) <= {0, zone_0}, head.name


def test_row_groups_and_batches_change_nothing(tmp_path):
    text = "\n".join([GREEN, *(green(fare_amount=str(i)) for i in range(50))])
    table = csv.read_csv(pa.BufferReader(text.encode()))
    whole = read(parquet(tmp_path, table))

    assert read(parquet(tmp_path, table, row_group_size=7), batch_rows=5).combine_chunks() == whole.combine_chunks()


def test_every_batch_has_the_schema_that_was_promised(tmp_path):
    table = pa.concat_tables([columns()] * 10)
    file = source(parquet(tmp_path, table, row_group_size=3))

    assert {batch.schema for batch in read_bronze(file, 4)} == {bronze_schema(file)}


def test_repeated_rows_of_fhv_are_numbered_and_of_others_are_not(tmp_path):
    fhv = pa.table(dict(zip(FHV.split(","), (["B1"] * 3, [AT] * 3, [7, 7, 8]), strict=True)))

    ids = read(parquet(tmp_path, fhv, "fhv_tripdata_2016-01.parquet"), batch_rows=1)["trip_id"].to_pylist()
    again = read(parquet(tmp_path, fhv.slice(1), "fhv_tripdata_2016-02.parquet"))["trip_id"].to_pylist()
    same = read(parquet(tmp_path, pa.concat_tables([columns()] * 2)))["trip_id"].to_pylist()

    assert len(set(ids)) == 3
    assert again == [ids[0], ids[2]]
    assert len(set(same)) == 1


# -- files that are broken --------------------------------------------------------------------------------------


def test_a_page_whose_check_sum_is_wrong_is_refused_with_the_rows_read_before(tmp_path):
    table = pa.table({name: [str(i * 7919) for i in range(5000)] for name in NAMES})
    path = parquet(tmp_path, table, row_group_size=1000, write_page_checksum=True, use_dictionary=False)
    file = source(path)
    data = bytearray(path.read_bytes())
    at = pq.ParquetFile(path).metadata.row_group(3).column(0).data_page_offset + 60
    data[at] ^= 255
    path.write_bytes(data)

    with pytest.raises(UnreadableFile) as caught:
        list(read_bronze(file, 1000))

    assert "3,000 rows could be read before" in str(caught.value)
    assert caught.value.path == str(path)


def test_a_footer_that_promises_other_rows_is_refused(tmp_path, monkeypatch):
    file = source(parquet(tmp_path, columns()))
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: iter([]))

    with pytest.raises(UnreadableFile, match="promises 1 rows"):
        list(read_bronze(file))


def test_malformed_files_are_refused(shared_data):
    bad = sorted((shared_data / "conformance/parquet_bad").glob("*.parquet"))
    assert len(bad) == 8

    for path in bad:
        with pytest.raises(Exception) as caught:
            source(path)
        assert type(caught.value).__name__ in ("SchemaDrift", "UnreadableFile"), path
        assert str(path) in str(caught.value)


# -- the course's own files -------------------------------------------------------------------------------------


def test_canonical_columns_are_taken_as_they_are(tmp_path):
    table = canonical_rows()

    bronze = read(parquet(tmp_path, table, "trips.parquet"))

    assert bronze.select(table.schema.names).cast(table.schema) == table
    assert bronze["source_row"].to_pylist() == [1, 2, 3]
    assert set(bronze["source_file"].to_pylist()) == {"trips.parquet"}
    assert pc.sum(bronze["problems"]).as_py() == 0
    assert bronze.schema.names == BRONZE.names


def test_provenance_that_a_file_brings_is_ignored(tmp_path):
    table = (
        canonical_rows()
        .append_column("source_file", pa.array(["x"] * 3))
        .append_column("source_row", pa.array([9] * 3))
    )

    bronze = read(parquet(tmp_path, table, "trips.parquet"))

    assert bronze["source_row"].to_pylist() == [1, 2, 3]


def test_a_null_id_stays_null_without_a_problem(tmp_path):
    ids = pa.array([1, None, 3], pa.int64())

    bronze = read(parquet(tmp_path, canonical_rows(trip_id=ids), "trips.parquet"))

    assert (bronze["trip_id"].to_pylist(), bronze["problems"].to_pylist()) == ([1, None, 3], [0, 0, 0])


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        pytest.param("pickup_zone", pa.array([7, 264, 266], pa.int32()), [7, None, "odd"], id="zones"),
        pytest.param("passengers", pa.array([0, -1, 40_000], pa.int32()), [0, "odd", "odd"], id="passengers"),
        pytest.param("service", pa.array(["green", "boat", None]), ["green", "odd", None], id="services"),
        pytest.param("fare_cents", pa.array([5, 2**40, None], pa.int64()), [5, "odd", None], id="int64 fares"),
        pytest.param("fare_cents", pa.array(["5", "5.5", "x"]), [5, "odd", "odd"], id="fares as text"),
        pytest.param("trip_id", pa.array(["7", "x", None]), [7, "odd", None], id="ids as text"),
        pytest.param("trip_id", pa.array([7, 2**64 - 1, None], pa.uint64()), [7, "odd", None], id="unsigned ids"),
        pytest.param("operator", pa.array(["a", None, "b"], pa.large_string()), ["a", None, "b"], id="large strings"),
        pytest.param(
            "pickup_at",
            pa.array([AT, dt.datetime(1850, 1, 1), dt.datetime(2101, 1, 1)], pa.timestamp("us")),
            [AT, "odd", "odd"],
            id="times outside",
        ),
        pytest.param(
            "pickup_at",
            pa.array([AT, AT + dt.timedelta(microseconds=5), AT + dt.timedelta(microseconds=999_999)]),
            [AT, AT, AT],
            id="fractions of a second",
        ),
        pytest.param("pickup_at", pa.array([AT] * 3, pa.timestamp("ns")), [AT] * 3, id="nanoseconds"),
    ],
)
def test_canonical_values_outside_their_type_are_problems(tmp_path, column, values, expected):
    rows = read(parquet(tmp_path, canonical_rows(**{column: values}), "trips.parquet")).to_pylist()

    assert ["odd" if problems(row) == {column} else row[column] for row in rows] == expected
    assert all(row[column] is None for row in rows if row["problems"])
    assert [row["raw"] is None for row in rows] == [row["problems"] == 0 for row in rows]


def test_canonical_text_is_read_like_canonical_parquet(tmp_path):
    table = canonical_rows()
    csv.write_csv(table, tmp_path / "trips.csv")

    text, columnar = read(tmp_path / "trips.csv"), read(parquet(tmp_path, table, "trips.parquet"))

    same = [name for name in BRONZE.names if name != "source_file"]
    assert text.select(same).cast(columnar.select(same).schema) == columnar.select(same)


def test_canonical_rows_that_point_beyond_their_dictionary_are_refused(tmp_path):
    """The Parquet reader hands such indices out unseen, and following one would crash."""
    services = pa.array(["yellow", "green", "fhv", "fhv"] * 500)
    path = parquet(tmp_path, canonical_rows(2000, service=services), "trips.parquet", compression="none")
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    data = bytearray(path.read_bytes())
    end = column.dictionary_page_offset + column.total_compressed_size
    data[end - 8 : end] = b"\xff" * 8
    path.write_bytes(data)

    with pytest.raises(UnreadableFile, match=r"damaged"):
        list(read_bronze(source(path)))


def test_text_that_is_no_utf8_is_escaped(tmp_path):
    latin = pa.array([b"N\xfc"]).view(pa.string())

    (row,) = read(parquet(tmp_path, columns(store_and_fwd_flag=latin, tip_amount=latin))).to_pylist()

    assert row["store_and_fwd_flag"] == "N\\xfc"
    assert problems(row) == {"tip_cents"}
