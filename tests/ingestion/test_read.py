"""The real files: every head, a whole month in CSV, a whole month in Parquet."""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from course_lib.errors import InputError
from course_lib.ingestion.read import bronze_schema, read_bronze
from course_lib.trips.headers import registry
from course_lib.trips.schema import BRONZE
from tests.ingestion.trip_files import problems, read, source

HEADS = {
    "fhv_tripdata_2016-02.csv": (34, "fhv-2015-01"),
    "fhv_tripdata_2017-03.csv": (31, "fhv-2017-01"),
    "fhv_tripdata_2017-09.csv": (14, "fhv-2017-07"),
    "fhv_tripdata_2018-04.csv": (13, "fhv-2018-01"),
    "fhv_tripdata_2019-03.csv": (17, "fhv-2017-07"),
    "fhvhv_tripdata_2019-04.csv": (15, "fhvhv-2019-02"),
    "green_tripdata_2013-09.csv": (5, "green-2013-08"),
    "green_tripdata_2015-02.csv": (5, "green-2015-01"),
    "green_tripdata_2016-09.csv": (9, "green-2016-07"),
    "green_tripdata_2018-03.csv": (9, "green-2016-07"),
    "yellow_tripdata_2009-01.csv": (5, "yellow-2009-01"),
    "yellow_tripdata_2012-06.csv": (4, "yellow-2010-01"),
    "yellow_tripdata_2014-03.csv": (5, "yellow-2010-01"),
    "yellow_tripdata_2015-03.csv": (5, "yellow-2015-01"),
    "yellow_tripdata_2016-01.csv": (5, "yellow-2015-01"),
    "yellow_tripdata_2016-08.csv": (9, "yellow-2016-07"),
    "yellow_tripdata_2018-05.csv": (9, "yellow-2016-07"),
    "yellow_tripdata_2019-06.csv": (9, "yellow-2019-01"),
}
CUT_IN_THE_LAST_FIELD = {"yellow_tripdata_2012-06.csv"}  # that cannot be seen


@pytest.mark.parametrize("name", HEADS)
def test_every_real_header_is_read(shared_data, name):
    file = source(shared_data / "tlc/heads" / name)

    table = read(file.path)

    assert (table.num_rows, file.header.name) == HEADS[name]
    assert file.header.serves(file.month)
    *whole, last = table.to_pylist()
    assert problems(last) == (set() if name in CUT_IN_THE_LAST_FIELD else {"unparseable"})
    assert all(problems(row) <= {"dropoff_zone"} for row in whole)  # zone 0 in fhv 2017
    assert all(row["pickup_at"].strftime("%Y-%m") == name[-11:-4] for row in whole)
    published = file.header.published
    assert all(row[field] is None for row in whole for field in BRONZE.names[:-2] if field not in published)
    assert bronze_schema(file) == table.schema


def test_the_surplus_fields_of_2016_shift_nothing(shared_data):
    """`2,2016-09-01 00:58:21,...,1,3.34,12.5,0.5,0.5,1,0,,0.3,14.8,1,1,,`"""
    row = read(shared_data / "tlc/heads/green_tripdata_2016-09.csv").to_pylist()[0]

    assert (row["vendor_id"], row["passengers"], row["distance_m"]) == (2, 1, 5375)
    assert (row["fare_cents"], row["surcharges_cents"], row["tip_cents"], row["total_cents"]) == (1250, 130, 100, 1480)
    assert (row["payment_type"], row["trip_type"], row["pickup_zone"], row["dropoff_zone"]) == (1, "1", 92, 82)


def test_the_words_of_2009_become_codes(shared_data):
    rows = read(shared_data / "tlc/heads/yellow_tripdata_2009-01.csv").to_pylist()

    assert [(row["vendor_id"], row["payment_type"]) for row in rows[:3]] == [(2, 2), (2, 1), (2, 1)]
    assert [row["fare_cents"] for row in rows[:3]] == [890, 1210, 2370]
    assert rows[0]["Start_Lon"] == "-73.991956999999999"


def test_the_base_of_fhv_2018_is_the_column_that_speaks(shared_data):
    rows = read(shared_data / "tlc/heads/fhv_tripdata_2018-04.csv").to_pylist()

    assert {row["operator"] for row in rows[:-1]} == {"B02888"}


def test_repeated_rows_of_real_fhv_files_have_ids_of_their_own(shared_data):
    for name, repeats in {"fhv_tripdata_2016-02.csv": 11, "fhv_tripdata_2017-03.csv": 9}.items():
        rows = read(shared_data / "tlc/heads" / name).to_pylist()[:-1]
        fields = ("operator", "pickup_at", "dropoff_at", "dropoff_zone")
        published = {tuple(str(row[field]) for field in fields) for row in rows}

        assert len({row["trip_id"] for row in rows}) == len(rows)
        assert len(rows) - len(published) <= repeats


def test_the_whole_green_month_of_2020(shared_data):
    table = read(shared_data / "tlc/green_tripdata_2020-10.csv.gz")

    assert table.num_rows == 95_120
    assert pc.sum(table["problems"]).as_py() == 0
    assert pc.count_distinct(table["trip_id"]).as_py() == 95_120
    assert table["source_row"].to_pylist() == list(range(1, 95_121))
    month = pc.strftime(table["pickup_at"], "%Y-%m")
    seconds = pc.subtract(table["dropoff_at"].cast(pa.int64()), table["pickup_at"].cast(pa.int64()))
    counted = {
        "negative fares": pc.less(table["fare_cents"], 0),
        "zero fares": pc.equal(table["fare_cents"], 0),
        "zero distances": pc.equal(table["distance_m"], 0),
        "over 100 miles": pc.greater(table["distance_m"], 160_934),
        "outside the month": pc.not_equal(month, "2020-10"),
        "zero durations": pc.equal(seconds, 0),
        "no passengers": pc.equal(table["passengers"], 0),
        "unknown pickups": table["pickup_zone"].is_null(),
        "unknown dropoffs": table["dropoff_zone"].is_null(),
        "no vendor": table["vendor_id"].is_null(),
    }
    assert {name: pc.sum(which).as_py() for name, which in counted.items()} == {
        "negative fares": 189,
        "zero fares": 413,
        "zero distances": 3658,
        "over 100 miles": 32,
        "outside the month": 9,
        "zero durations": 163,
        "no passengers": 259,
        "unknown pickups": 259,
        "unknown dropoffs": 702,
        "no vendor": 42_510,
    }
    first = table.slice(0, 1).to_pylist()[0]
    assert first["pickup_at"] == dt.datetime(2020, 10, 1, 0, 31, 19)
    assert (first["distance_m"], first["total_cents"], first["surcharges_cents"]) == (1271, 788, 130)


def test_the_whole_green_month_of_2024(shared_data):
    table = read(shared_data / "tlc/green_tripdata_2024-01.parquet")

    assert table.num_rows == 56_551
    assert pc.sum(table["problems"]).as_py() == 0
    assert pc.count_distinct(table["trip_id"]).as_py() == 56_551
    assert pc.sum(pc.less(table["fare_cents"], 0)).as_py() == 182
    assert pc.sum(pc.equal(table["distance_m"], 0)).as_py() == 2870
    assert pc.sum(table["vendor_id"].is_null()).as_py() == 0
    assert pc.sum(table["passengers"].is_null()).as_py() == 3415


def test_ids_of_the_real_month_have_not_changed(shared_data):
    """An id is for ever: published tables are joined on it."""
    ids = read(shared_data / "tlc/heads/green_tripdata_2016-09.csv")["trip_id"].to_pylist()

    assert ids[0] == -6770533462223466028


def test_odd_files_of_another_project_are_refused_or_counted(shared_data):
    files = sorted((shared_data / "conformance/csv").glob("*.csv"))
    assert len(files) == 40

    for path in files:
        with pytest.raises(InputError) as caught:
            list(read_bronze(source(path)))
        assert str(path) in str(caught.value)


def test_their_bodies_under_a_header_of_trips_are_counted(shared_data, tmp_path):
    """Every odd body is put under a real header: no record is lost, and nothing raises."""
    version = next(version for version in registry() if version.name == "fhv-2015-01")
    header = ",".join(column.name for column in version.columns).encode()
    for path in sorted((shared_data / "conformance/csv").glob("*.csv")):
        body = path.read_bytes()
        (tmp_path / "fhv.csv").write_bytes(header + b"\n" + body)

        lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        assert read(tmp_path / "fhv.csv").num_rows == sum(1 for line in lines if line.strip()), path.name
