"""What is said of trip files is what a slow look at them finds."""

import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from course_lib.errors import InputError, UnreadableFile
from course_lib.ingestion.describe import COLUMNS, Contents, describe, render
from course_lib.ingestion.discover import discover
from course_lib.ingestion.read import read_bronze
from course_lib.ingestion.synthetic import generate
from course_lib.trips.generator import Settings

HEADER = "trip_id,service,pickup_at,dropoff_at,pickup_zone,dropoff_zone,distance_m,fare_cents,tip_cents,tolls_cents,"
HEADER += "surcharges_cents,total_cents,vendor_id,rate_code,payment_type,passengers,operator,vehicle_id,updated_at\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("described")
    generate(Settings(trips=4000, months=2, seed=5), folder)
    return folder


def shown(description, width: int = 200) -> str:
    text = io.StringIO()
    Console(width=width, file=text).print(render(description))
    return text.getvalue()


def test_counts_are_those_of_the_file(folder):
    for one in describe([folder]).files:
        rows = pq.read_table(one.file.path)
        months = pc.strftime(rows["pickup_at"].drop_null(), format="%Y-%m").to_pylist()
        truth = pq.read_table(folder / "_truth" / one.file.name)["kind"].to_pylist()

        found = one.contents
        assert found.rows == rows.num_rows
        assert (found.first_pickup, found.last_pickup) == tuple(pc.min_max(rows["pickup_at"]).as_py().values())
        assert found.outside_month == sum(month != one.file.path.stem[-7:] for month in months) > 0
        assert found.services == {name: rows["service"].to_pylist().count(name) for name in ("yellow", "green")}
        assert (found.odd, found.unparseable) == (truth.count("zone_out_of_range"), 0)
        null = {name: rows[name].null_count for name in COLUMNS}
        null["pickup_zone"] += truth.count("zone_out_of_range")  # 999 is no zone
        assert dict(found.nulls) == null


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_batches_add_up(folder, batch_rows):
    file = describe([folder]).files[0]
    contents = Contents()
    batches = list(read_bronze(file.file, 500))[:2] if batch_rows == 1 else list(read_bronze(file.file, batch_rows))
    for bronze in batches:
        contents.add(bronze, file.file.month)

    whole = Contents()
    whole.add(pa.concat_tables(batches), file.file.month)
    assert contents == whole


def test_an_empty_batch_changes_nothing(folder):
    file = describe([folder]).files[0].file
    contents = Contents()

    contents.add(next(read_bronze(file)).slice(0, 0), file.month)

    assert (contents.rows, contents.first_pickup, contents.outside_month) == (0, None, 0)


def test_odd_values_and_lines_that_cannot_be_parsed_are_told_apart(tmp_path):
    (tmp_path / "trips_2024-01.csv").write_text(
        HEADER
        + "1,green,2024-01-05 10:00:00,2024-01-05 10:10:00,7,8,2000,900,0,0,0,900,1,1,1,1,,,\n"
        + "2,green,2024-02-05 10:00:00,noon,7,8,2000,900,0,0,0,900,1,1,1,1,,,\n"
        + '3,green,2024-01-05 10:00:00,"2024\n'
    )

    found = describe([tmp_path]).files[0].contents

    assert (found.rows, found.odd, found.unparseable, found.outside_month) == (3, 1, 1, 1)
    assert found.last_pickup == datetime(2024, 2, 5, 10)
    assert (found.nulls["dropoff_at"], found.nulls["trip_id"]) == (1, 0)  # a line that is no record misses no value


def test_a_file_without_a_month_has_no_pickups_outside_of_it(tmp_path, folder):
    (tmp_path / "some.parquet").write_bytes((folder / "trips_2024-01.parquet").read_bytes())

    description = describe([tmp_path])

    assert description.files[0].contents.outside_month == 0
    assert "no month" in shown(description)


def test_the_unreadable_are_listed_beside_the_readable(tmp_path, folder):
    (tmp_path / "torn.parquet").write_bytes((folder / "trips_2024-01.parquet").read_bytes()[:-100])

    description = describe([folder, tmp_path / "torn.parquet"])

    assert len(description.files) == 2
    assert [type(error) for error in description.unreadable] == [UnreadableFile]
    assert "torn.parquet" in shown(description)


def test_a_file_that_breaks_half_way_is_unreadable(tmp_path, folder):
    data = bytearray((folder / "trips_2024-01.parquet").read_bytes())
    data[2000:3000] = bytes(1000)
    (tmp_path / "hole.parquet").write_bytes(data)

    description = describe([folder, tmp_path / "hole.parquet"])

    assert [Path(error.path).name for error in description.unreadable] == ["hole.parquet"]
    assert len(description.files) == 2


def test_nothing_readable_is_an_error(tmp_path):
    with pytest.raises(InputError):
        describe([tmp_path])
    with pytest.raises(InputError):
        describe([tmp_path / "absent.csv"])


def test_what_is_shown_names_files_rows_and_gaps(folder):
    text = shown(describe([folder]))

    assert "2 files, 4,000 rows" in text
    assert "trips_2024-02.parquet" in text and "canonical (parquet)" in text
    assert "all operator" in text and "vendor_id, rate_code, payment_type, passengers" in text


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_and_names_with_brackets_do_no_harm(tmp_path, folder, width):
    (tmp_path / "[red]trips[bold].parquet").write_bytes((folder / "trips_2024-01.parquet").read_bytes())

    text = shown(describe([tmp_path]), width)

    assert "[red" in text


def test_counts_are_plain_data(folder):
    contents = describe([folder]).files[0].contents

    assert json.loads(json.dumps(vars(contents), default=str))["rows"] == contents.rows


def test_the_real_green_month(shared_data):
    path = shared_data / "tlc" / "green_tripdata_2020-10.csv.gz"

    (one,) = describe([path]).files

    assert one.file == discover([path]).files[0]
    found = one.contents
    assert (found.rows, found.odd, found.unparseable, found.outside_month) == (95_120, 0, 0, 9)
    assert (found.nulls["vendor_id"], found.nulls["pickup_zone"], found.nulls["dropoff_zone"]) == (42_510, 259, 702)
    assert found.nulls["fare_cents"] == 0
