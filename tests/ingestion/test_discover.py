"""Trip files are found in folders, told by their content, and counted once; the rest is named with a remedy."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from course_lib.errors import InputError, NoTrips, SchemaDrift, UnreadableFile
from course_lib.ingestion.discover import discover, stop_if_changed
from course_lib.ingestion.read import read_bronze
from tests.ingestion.trip_files import FHV, FHV_ROW, GREEN, ROW, write

TEXT = f"{GREEN}\n{ROW}\n"


def names(found):
    return [file.name for file in found.files]


def only_error(path) -> InputError:
    found = discover([path])
    assert found.files == ()
    (error,) = found.unreadable
    return error


def green_parquet(path, rows=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:  # a name need not be text
        pq.write_table(pa.table({name: [str(i) for i in range(rows)] for name in GREEN.split(",")}), file)
    return path


def test_a_folder_is_searched_to_any_depth_and_sorted_by_name(tmp_path):
    write(tmp_path, TEXT, "b/green_tripdata_2020-10.csv")
    write(tmp_path, TEXT, "a.csv")
    green_parquet(tmp_path / "b/c/x.parquet")
    write(tmp_path, TEXT, "Z.csv")

    assert names(discover([tmp_path])) == ["Z.csv", "a.csv", "b/c/x.parquet", "b/green_tripdata_2020-10.csv"]


def test_what_is_known_of_a_file(tmp_path, monkeypatch):
    path = write(tmp_path, TEXT, "data/green_tripdata_2020-10.csv.gz")
    monkeypatch.chdir(tmp_path)

    (file,) = discover(["data"]).files

    assert (file.path, file.name) == (path, "green_tripdata_2020-10.csv.gz")
    assert file.given == f"data{os.sep}green_tripdata_2020-10.csv.gz"
    assert (file.size, file.format, file.compression) == (path.stat().st_size, "csv", "gzip")
    assert (file.service, file.month, file.header.name, file.rows) == ("green", (2020, 10), "green-2019-01", None)


def test_a_parquet_file_tells_its_rows(tmp_path):
    (file,) = discover([green_parquet(tmp_path / "green.parquet", rows=3)]).files

    assert (file.format, file.compression, file.rows) == ("parquet", None, 3)


def test_what_lies_beside_trips_is_passed_over_in_folders(tmp_path):
    write(tmp_path, TEXT, "green.csv")
    for name in (
        ".hidden.csv", "_SUCCESS", "README.md", "notes.txt", "run.json", "LICENSE", ".cache/x.csv", "_old/x.csv",
        "taxi_zone_lookup.csv", "taxi+_zone_lookup.csv", "ground_truth.parquet", "ground-truth.csv", "manifest.csv",
        "green_tripdata_2020-11.csv.part", "yellow_tripdata_2020-11.parquet.part.json",
    ):  # fmt: skip
        write(tmp_path, "no trips", name)

    found = discover([tmp_path])

    assert names(found) == ["green.csv"]
    assert found.unreadable == ()


@pytest.mark.parametrize("name", ["notes.txt", "_x.csv", ".x.csv", "manifest.json", "zone_lookup.csv"])
def test_a_file_that_is_named_is_never_passed_over(tmp_path, name):
    assert names(discover([write(tmp_path, TEXT, name)])) == [name]


def test_a_file_given_twice_counts_once(tmp_path):
    path = write(tmp_path, TEXT, "a/green.csv")
    (tmp_path / "a/link.csv").symlink_to(path)
    (tmp_path / "linked").symlink_to(tmp_path / "a")

    found = discover([path, tmp_path, tmp_path / "linked", str(path), tmp_path / "a" / ".." / "a" / "green.csv"])

    assert names(found) == ["a/green.csv"]


def test_two_files_with_the_same_content_both_count(tmp_path):
    write(tmp_path, TEXT, "one/green.csv")
    write(tmp_path, TEXT, "two/green.csv")

    assert names(discover([tmp_path])) == ["one/green.csv", "two/green.csv"]


def test_names_are_relative_to_the_common_folder_of_all_inputs(tmp_path):
    one = write(tmp_path, TEXT, "x/one/green.csv")
    write(tmp_path, TEXT, "x/two/deep/green.csv")

    assert names(discover([one, tmp_path / "x/two"])) == ["one/green.csv", "two/deep/green.csv"]


def test_a_link_that_leads_back_ends_the_search(tmp_path):
    write(tmp_path, TEXT, "a/green.csv")
    (tmp_path / "a/again").symlink_to(tmp_path)

    assert names(discover([tmp_path])) == ["a/green.csv"]


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        pytest.param("green.parquet", TEXT.encode(), ("csv", None), id="text called Parquet"),
        pytest.param("green.csv.gz", TEXT.encode(), ("csv", None), id="text called gzip"),
        pytest.param("green.csv", gzip.compress(TEXT.encode()), ("csv", "gzip"), id="gzip called text"),
        pytest.param("green", TEXT.encode(), ("csv", None), id="no extension"),
    ],
)
def test_the_content_decides_the_format(tmp_path, name, data, form):
    (file,) = discover([_raw(tmp_path, name, data)]).files

    assert (file.format, file.compression) == form


def _raw(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


def test_parquet_called_csv_is_parquet(tmp_path):
    assert discover([green_parquet(tmp_path / "green.csv")]).files[0].format == "parquet"


def test_a_header_alone_is_a_readable_file(tmp_path):
    assert discover([write(tmp_path, GREEN)]).files[0].header.name == "green-2019-01"


def test_a_file_whose_name_says_nothing_is_told_by_its_header(tmp_path):
    assert discover([write(tmp_path, f"{FHV}\n{FHV_ROW}", "x.csv")]).files[0].service == "fhv"


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        pytest.param(b"", NoTrips, "empty", id="empty"),
        pytest.param(b"\n \r\n\n", NoTrips, "blank", id="blank"),
        pytest.param(b"a,b,c\n1,2,3\n", SchemaDrift, "not registered", id="another table"),
        pytest.param(bytes(range(256)) * 9, UnreadableFile, "binary", id="binary garbage"),
        pytest.param(b"\x00" * 5000, UnreadableFile, "binary", id="NULs"),
        pytest.param(TEXT.encode("utf-16-le"), UnreadableFile, "UTF-16", id="UTF-16 without a mark"),
        pytest.param("a,b\n".encode("utf-16"), SchemaDrift, "not registered", id="UTF-16 of another table"),
        pytest.param(TEXT.encode("utf-32"), UnreadableFile, "UTF-32", id="UTF-32"),
        pytest.param(b"PK\x03\x04" + b"x" * 99, UnreadableFile, "zip", id="zip"),
        pytest.param(b"PAR1" + b"x" * 99, UnreadableFile, "footer is missing", id="Parquet cut short"),
        pytest.param(b"PAR1", UnreadableFile, "footer is missing", id="Parquet of four bytes"),
        pytest.param(
            b"PAR1" + b"x" * 99 + b"\x30\x00\x00\x00PAR1", UnreadableFile, "footer is damaged", id="bad footer"
        ),
        pytest.param(gzip.compress(TEXT.encode())[:-9], UnreadableFile, "too early", id="gzip cut short"),
        pytest.param(b"\x1f\x8b\x08\x00garbage garbage", UnreadableFile, "gzip", id="gzip garbage"),
        pytest.param(gzip.compress(b"PAR1xxxxPAR1"), UnreadableFile, "gunzip", id="Parquet inside gzip"),
        pytest.param(gzip.compress(gzip.compress(TEXT.encode())), UnreadableFile, "gunzip", id="gzip inside gzip"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(tmp_path, data, kind, words):
    path = _raw(tmp_path, "green_tripdata_2020-10.csv", data)

    error = only_error(path)

    assert type(error) is kind
    assert words in str(error)
    assert error.path == str(path)
    assert error.remedy.endswith(".")


def test_one_bad_file_does_not_hide_the_good_ones(tmp_path):
    write(tmp_path, TEXT, "green.csv")
    write(tmp_path, b"", "green_empty.csv")

    found = discover([tmp_path])

    assert names(found) == ["green.csv"]
    assert [error.path for error in found.unreadable] == [str(tmp_path / "green_empty.csv")]


def test_a_zone_table_is_known_by_its_columns_too(tmp_path):
    write(tmp_path, TEXT, "green.csv")
    zones = write(tmp_path, "LocationID,Borough,Zone,service_zone\n1,EWR,Newark Airport,EWR\n", "places.csv")

    assert discover([tmp_path]).unreadable == ()
    assert isinstance(only_error(zones), SchemaDrift)


def test_a_folder_of_zone_tables_holds_no_trips(tmp_path):
    write(tmp_path, "LocationID,Borough,Zone,service_zone\n1,EWR,Newark Airport,EWR\n", "places.csv")

    assert type(only_error(tmp_path)) is NoTrips


def test_a_name_that_is_no_text_is_escaped(tmp_path):
    """Names of files are bytes; what tables and reports say is text, another one for every file."""
    (tmp_path / os.fsdecode(b"green_\xff.csv")).write_text(TEXT)
    (tmp_path / "green_\\xff.csv").write_text(TEXT)

    files = discover([tmp_path]).files

    assert [file.name for file in files] == ["green_\\\\xff.csv", "green_\\xff.csv"]
    assert [sum(batch.num_rows for batch in read_bronze(file)) for file in files] == [1, 1]


def test_a_parquet_file_whose_name_is_no_text_is_read_like_any_other(tmp_path):
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    path = green_parquet(tmp_path / os.fsdecode(b"\xff/green.parquet"), rows=3)

    (file,) = discover([path]).files

    assert file.rows == 3
    assert [batch.num_rows for batch in read_bronze(file)] == [3]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"PAR1 and no more", b""])
def test_an_error_names_a_file_whose_name_is_no_text(tmp_path, content):
    path = _raw(tmp_path, os.fsdecode(b"green_\xff.csv"), content)

    assert only_error(path).path == f"{tmp_path}/green_\\xff.csv"


def test_a_path_that_does_not_exist_is_named_even_when_it_is_no_text(tmp_path):
    assert only_error(tmp_path / os.fsdecode(b"\xff.csv")).path == f"{tmp_path}/\\xff.csv"


def test_the_folder_of_a_run_inside_an_input_is_passed_over(tmp_path):
    write(tmp_path, TEXT, "green.csv")
    for name in ("out/.lock", "out/.work/x.csv", "out/generated/trips.csv", "out/versions/1/silver/part.csv"):
        write(tmp_path, TEXT, name)

    assert names(discover([tmp_path])) == ["green.csv"]
    assert names(discover([tmp_path / "out/generated"])) == ["trips.csv"]
    assert "name its `generated`" in only_error(tmp_path / "out").remedy


def changed(path: Path) -> None:
    path.write_text(TEXT + ROW + "\n")


def rewritten(path: Path) -> None:
    """As many bytes as before, a moment later."""
    state = path.stat()
    path.write_text(TEXT.replace("2020", "2021"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(changed, "changed while it was read", id="longer"),
        pytest.param(rewritten, "changed while it was read", id="rewritten"),
        pytest.param(Path.unlink, "no such file", id="gone"),
    ],
)
def test_a_file_that_is_changed_after_it_was_discovered_is_told(tmp_path, change, why):
    path = write(tmp_path, TEXT)
    (file,) = discover([path]).files
    stop_if_changed(file)
    change(path)

    with pytest.raises(UnreadableFile, match=why):
        stop_if_changed(file)


def test_a_folder_without_trips(tmp_path):
    write(tmp_path, "x", "README.md")

    assert type(only_error(tmp_path)) is NoTrips


def test_a_path_that_does_not_exist(tmp_path):
    error = only_error(tmp_path / "nowhere")

    assert "no such file" in str(error)


def test_a_dangling_link_in_a_folder(tmp_path):
    (tmp_path / "green.csv").symlink_to(tmp_path / "nowhere")

    assert "no such file" in str(only_error(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: run as another user to try")
def test_a_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path, TEXT)
    path.chmod(0)

    assert "may not be read" in str(only_error(path))


def test_a_file_that_the_system_refuses_to_open(tmp_path, monkeypatch):
    """Root is never refused, so the refusal is played."""
    path = write(tmp_path, TEXT)

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)

    assert "may not be read" in str(only_error(path))


def test_a_device_is_no_file(tmp_path):
    assert isinstance(only_error("/dev/null"), InputError)


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "green.csv")

    assert "not a file" in str(only_error(tmp_path / "green.csv"))


def test_nothing_given_is_no_trips():
    (error,) = discover([]).unreadable

    assert type(error) is NoTrips


def test_unregistered_header_says_what_is_new_and_what_is_missing(tmp_path):
    error = only_error(write(tmp_path, TEXT.replace("tip_amount", "gratuity")))

    assert isinstance(error, SchemaDrift)
    assert (error.nearest, error.new, error.missing) == ("green-2019-01", ("gratuity",), ("tip_amount",))
