"""Is every object of an S3 store found, and read again only when it changed?"""

import io

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from course_lib.errors import EngineUnavailable, UnreadableFile
from course_lib.ingestion import local_s3
from course_lib.ingestion.local_s3 import LocalS3
from course_lib.ingestion.objects import listing, news, of_months, read_objects


def parquet(first: int, n: int = 5, width: int = 10) -> bytes:
    written = io.BytesIO()
    table = pa.table({"trip_id": range(first, first + n), "note": ["x" * width + str(i) for i in range(n)]})
    pq.write_table(table, written, compression="none", use_dictionary=False, write_statistics=False)
    return written.getvalue()


@pytest.fixture
def store(s3: LocalS3):
    found = s3.filesystem()
    if found.exists("city"):
        found.rm("city", recursive=True)
    found.mkdir("city")
    for month in (1, 2, 3):
        for part in (0, 1):
            found.pipe_file(f"city/trips/month=2024-0{month}/part-{part}.parquet", parquet(10 * month + 5 * part))
    found.pipe_file("city/trips-old/month=2024-01/part-0.parquet", parquet(0))
    return found


def test_a_prefix_is_listed_in_the_order_of_names(store):
    found = listing(store, "city/trips/")

    assert [one.name for one in found][:2] == [
        "city/trips/month=2024-01/part-0.parquet",
        "city/trips/month=2024-01/part-1.parquet",
    ]
    assert len(found) == 6
    assert all(one.size > 0 and one.tag for one in found)


@pytest.mark.full
def test_a_listing_of_more_than_one_page_is_whole(store):
    for i in range(1100):  # the service answers with a thousand names at a time
        store.pipe_file(f"city/many/{i:04d}", b"x")

    assert len(listing(store, "city/many/")) == 1100


def test_months_are_parts_of_names(store):
    found = of_months(listing(store, "city/"), ["2024-01", "2024-03"])

    assert {one.name.split("/")[2] for one in found} == {"month=2024-01", "month=2024-03"}
    assert len(found) == 5


def test_several_months_are_read_as_one_table(store):
    found = read_objects(store, of_months(listing(store, "city/trips/"), ["2024-01", "2024-02"]))

    assert sorted(found["trip_id"].to_pylist()) == [*range(10, 20), *range(20, 30)]


def test_reading_one_column_moves_fewer_bytes(store, s3: LocalS3):
    store.pipe_file("city/wide/part-0.parquet", parquet(0, n=500, width=1000))
    objects = listing(store, "city/wide/")
    moved = []
    for columns in (None, ["trip_id"]):
        before = s3.traffic().bytes_out
        read_objects(store, objects, columns)
        moved.append(s3.traffic().bytes_out - before)

    assert moved[1] < moved[0] / 3


def test_only_what_is_new_or_changed_is_read_again(store):
    known = {one.name: one.tag for one in listing(store, "city/trips/")}
    store.pipe_file("city/trips/month=2024-02/part-0.parquet", parquet(900))
    store.pipe_file("city/trips/month=2024-04/part-0.parquet", parquet(40))
    store.pipe_file("city/trips/month=2024-01/part-0.parquet", parquet(10))  # written again, the same content
    store.rm("city/trips/month=2024-03/part-1.parquet")
    found = news(listing(store, "city/trips/"), known)

    assert [one.name.split("/")[2] for one in found.read] == ["month=2024-02", "month=2024-04"]
    assert found.gone == ("city/trips/month=2024-03/part-1.parquet",)


def test_an_object_that_is_no_parquet_is_named(store):
    store.pipe_file("city/bad/part-0.parquet", b"not parquet at all")
    with pytest.raises(UnreadableFile, match=r"city/bad/part-0.parquet: is not Parquet"):
        read_objects(store, listing(store, "city/bad/"))


def test_reading_nothing_says_so(store):
    with pytest.raises(ValueError, match="no objects"):
        read_objects(store, listing(store, "city/empty/"))


def test_traffic_counts_bodies(s3: LocalS3):
    store = s3.filesystem()
    if not store.exists("counted"):
        store.mkdir("counted")
    before = s3.traffic()
    store.pipe_file("counted/x", b"y" * 1000)
    store.cat_file("counted/x")
    after = s3.traffic()

    assert after.bytes_in - before.bytes_in >= 1000
    assert after.bytes_out - before.bytes_out >= 1000


def test_two_services_do_not_meet(s3: LocalS3):
    with LocalS3() as other:
        assert other.filesystem().ls("") == []
        url = other.url

    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_without_moto_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_s3.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(EngineUnavailable, match="pip install"):
        LocalS3().start()
    with pytest.raises(EngineUnavailable, match="call start"):
        LocalS3().traffic()
