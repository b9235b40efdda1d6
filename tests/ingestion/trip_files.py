"""Trip files for tests: small ones, written in a line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa

from course_lib.ingestion.discover import SourceFile, discover
from course_lib.ingestion.read import read_bronze
from course_lib.trips.schema import PROBLEM, UNPARSEABLE

GREEN = (
    "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,"
    "passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,improvement_surcharge,"
    "total_amount,payment_type,trip_type,congestion_surcharge"
)
ROW = "2,2020-10-01 00:31:19,2020-10-01 00:34:55,N,1,7,8,1,.79,5,0.5,0.5,1.58,0,,0.3,7.88,1,1,0"
FHV = "Dispatching_base_num,Pickup_date,locationID"
FHV_ROW = "B00001,2016-02-01 04:45:00,7"


def green(**values: str) -> str:
    """ROW with other values in some columns."""
    fields = dict(zip(GREEN.split(","), ROW.split(","), strict=True))
    assert values.keys() <= fields.keys()
    return ",".join((fields | values).values())


def write(folder: Path, text: str | bytes, name: str = "green_tripdata_2020-10.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return path


def source(path: Path) -> SourceFile:
    """The one readable file at `path`; its error is raised where it is not."""
    found = discover([path])
    for error in found.unreadable:
        raise error
    (file,) = found.files
    return file


def read(path: Path, batch_rows: int = 1 << 19) -> pa.Table:
    """All of bronze of one file, validated."""
    batches = list(read_bronze(source(path), batch_rows))
    assert all(0 < batch.num_rows <= batch_rows for batch in batches)
    table = pa.concat_tables(batches) if batches else pa.table({})
    table.validate(full=True)
    return table


def rows(folder: Path, *lines: str, header: str = GREEN, name: str = "green_tripdata_2020-10.csv") -> list[dict]:
    """The bronze rows of a CSV file of these lines."""
    return read(write(folder, "\n".join([header, *lines, ""]), name)).to_pylist()


def problems(row: dict) -> set[str]:
    """The names of a row's problems."""
    named = {name for name, bit in PROBLEM.items() if row["problems"] >> bit & 1}
    return named | ({"unparseable"} if row["problems"] >> UNPARSEABLE & 1 else set())
