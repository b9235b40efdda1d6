"""Whatever comes in: an error that names the file and the remedy, or counted rows; nothing lost, nothing half done."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib.errors import InputError, NoTrips, SchemaDrift, UnreadableFile
from course_lib.ingestion.discover import discover
from course_lib.ingestion.synthetic import generate
from course_lib.transforms.batch import in_this_process, run_batch
from course_lib.transforms.plan import FATES
from course_lib.trips.generator import Settings
from tests.flows.conftest import Ended, course, facts
from tests.ingestion.trip_files import GREEN, ROW, green, write

DAY = [green(lpep_pickup_datetime=f"2020-10-01 00:{i // 60:02}:{i % 60:02}") for i in range(200)]
TEXT = "\n".join([GREEN, *DAY]) + "\n"
GZIP = gzip.compress(TEXT.encode(), mtime=0)
SEEDED = np.random.default_rng(20201001)


def parquet(text: str = TEXT, **options) -> bytes:
    """The rows of a CSV text as the publisher's Parquet."""
    out = io.BytesIO()
    pq.write_table(pa.csv.read_csv(io.BytesIO(text.encode())), out, **options)
    return out.getvalue()


def zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("green.csv", text)
    return out.getvalue()


def flipped(data: bytes, at: int) -> bytes:
    """`data` with every bit of one byte turned over; `at` counts from the end when negative."""
    changed = bytearray(data)
    changed[at] ^= 0xFF
    return bytes(changed)


PARQUET = parquet()
CHECKED = parquet(write_page_checksum=True, compression="none", use_dictionary=False)


class Ran(NamedTuple):
    """What the batch path made of some files."""

    told: dict  # totals by fate, and `broken`: rows by rule
    quarantine: list[dict]  # rows
    work: Path


def ran(folder: Path, *inputs: str | Path) -> Ran:
    """The batch path of the pipeline on `inputs`, here; whatever it makes of them, no row may be missing."""
    work = folder / "work"
    told = run_batch(in_this_process, [str(path) for path in inputs], work)
    read, silver, refused, again = (told[fate] for fate in FATES)
    assert read == silver + refused + again
    assert pq_rows(work / "tables/silver") == silver
    rows = [
        row
        for path in sorted((work / "tables/quarantine").rglob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    assert len(rows) == refused
    return Ran(told, rows, work)


def pq_rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet"))


def fates(told: dict) -> tuple[int, ...]:
    """Rows read, in silver, quarantined, duplicate."""
    return tuple(told[fate] for fate in FATES)


# -- what cannot be read ----------------------------------------------------------------------------------

UNREADABLE: dict[str, tuple[bytes, type[InputError], str]] = {
    "empty.csv": (b"", NoTrips, "empty"),
    "blank.csv": (b"\n\r\n \t \n", NoTrips, "blank"),
    "garbage.csv": (SEEDED.bytes(5_000), UnreadableFile, "binary"),
    "garbage.parquet": (SEEDED.bytes(5_000), UnreadableFile, "binary"),
    "nothing-but-nuls.csv": (bytes(5_000), UnreadableFile, "binary"),
    "ebcdic.csv": (TEXT.encode("cp500"), UnreadableFile, "binary"),
    "utf16-unmarked.csv": (TEXT.encode("utf-16-le"), UnreadableFile, "UTF-16"),
    "utf32.csv": (TEXT.encode("utf-32"), UnreadableFile, "UTF-32"),
    "zip.csv": (zipped(TEXT), UnreadableFile, "zip"),
    "excel.csv": (b"\xd0\xcf\x11\xe0" + bytes(600), UnreadableFile, "Excel"),
    "page.csv": (b"<html><body>Please log in</body></html>", SchemaDrift, "not registered"),
    "denied.parquet": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', SchemaDrift, "not registered"),
    "unknown.csv": (b"a,b,c\n1,2,3\n", SchemaDrift, "['a', 'b', 'c']"),
    "no-header.csv": ("\n".join(DAY).encode(), SchemaDrift, "not registered"),
    "half-a-header.csv": (GREEN[:60].encode(), SchemaDrift, "'store_an'"),
    "a-column-twice.csv": (TEXT.replace("ehail_fee", "fare_amount").encode(), SchemaDrift, "'fare_amount'"),
    "magic-alone.parquet": (b"PAR1", UnreadableFile, "cut short"),
    "two-magics.parquet": (b"PAR1PAR1", UnreadableFile, "cut short"),
    "no-footer.parquet": (b"PAR1" + bytes(4) + b"PAR1", UnreadableFile, "footer"),
    "huge-footer.parquet": (b"PAR1\xff\xff\xff\x7fPAR1", UnreadableFile, "footer"),
    "half.parquet": (PARQUET[: len(PARQUET) // 2], UnreadableFile, "cut short"),
    "a-byte-short.parquet": (PARQUET[:-1], UnreadableFile, "cut short"),
    "no-beginning.parquet": (b"RAP1" + PARQUET[4:], UnreadableFile, "neither Parquet nor text"),
    "damaged-footer.parquet": (flipped(PARQUET, -40), UnreadableFile, "footer"),
    "damaged-page.parquet": (flipped(CHECKED, 400), UnreadableFile, "crc"),
    "two-bytes.csv.gz": (GZIP[:2], UnreadableFile, "too early"),
    "half.csv.gz": (GZIP[: len(GZIP) // 2], UnreadableFile, "too early"),
    "a-byte-short.csv.gz": (GZIP[:-1], UnreadableFile, "too early"),
    "damaged.csv.gz": (flipped(GZIP, len(GZIP) // 2), UnreadableFile, "damaged"),
    "wrong-crc.csv.gz": (flipped(GZIP, -6), UnreadableFile, "damaged"),
    "garbage-behind.csv.gz": (GZIP + b"garbage", UnreadableFile, "damaged"),
    "twice.csv.gz": (gzip.compress(GZIP, mtime=0), UnreadableFile, "gunzip"),
    "parquet-inside.csv.gz": (gzip.compress(PARQUET, mtime=0), UnreadableFile, "gunzip"),
    "one-long-line.csv": ((GREEN + "\n").encode() + b"x" * (17 << 20), UnreadableFile, "a line of more than 16 MB"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_named_with_why_and_what_to_do(tmp_path, name):
    content, kind, why = UNREADABLE[name]
    path = write(tmp_path, content, f"in/{name}") if not name.endswith(".gz") else raw(tmp_path, content, name)
    with pytest.raises(InputError) as caught:
        ran(tmp_path, path)

    assert type(caught.value) is kind
    assert caught.value.path == str(path)
    assert why.lower() in caught.value.why.lower() + caught.value.remedy.lower()
    assert caught.value.remedy
    assert str(caught.value).count("\n") == 0
    assert not [left for left in tmp_path.rglob("*") if left.is_file() and left != path and "bronze" in left.parts]


def raw(folder: Path, content: bytes, name: str) -> Path:
    """A file of these very bytes."""
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "green.csv")
    return folder / "green.csv"


def dangling(folder: Path) -> Path:
    (folder / "green.csv").symlink_to(folder / "gone")
    return folder / "green.csv"


def circle(folder: Path) -> Path:
    (folder / "green.csv").symlink_to(folder / "green.csv")
    return folder / "green.csv"


def empty_folder(folder: Path) -> Path:
    (folder / "trips").mkdir()
    return folder / "trips"


def folder_of_other_things(folder: Path) -> Path:
    for name in ("README.md", "taxi_zone_lookup.csv", ".green.csv", "green.csv.part", "_SUCCESS", "manifest.json"):
        raw(folder, TEXT.encode(), name)
    return folder / "in"


PLACES: list[tuple[Callable[[Path], Path], type[InputError], str]] = [
    (lambda folder: folder / "gone.csv", UnreadableFile, "no such file"),
    (lambda folder: Path("/dev/zero"), UnreadableFile, "not a file"),
    (fifo, UnreadableFile, "not a file"),
    (dangling, UnreadableFile, "no such file"),
    (circle, UnreadableFile, "symbolic links"),
    (empty_folder, NoTrips, "no trip file"),
    (folder_of_other_things, NoTrips, "no trip file"),
]
WORDS = ["absent", "device", "pipe", "dangling link", "circle of links", "empty folder", "folder of other things"]


@pytest.mark.parametrize(("make", "kind", "why"), PLACES, ids=WORDS)
def test_a_place_without_trips_is_named_with_why_and_what_to_do(tmp_path, make, kind, why):
    path = make(tmp_path)
    with pytest.raises(InputError, match=why) as caught:
        ran(tmp_path, path)

    assert type(caught.value) is kind
    assert caught.value.path == str(path)
    assert caught.value.remedy


def test_the_malformed_parquet_files_of_others_never_crash(shared_data, tmp_path):
    folder = shared_data / "conformance" / "parquet_bad"
    for path in sorted(folder.glob("*.parquet")):
        with pytest.raises(InputError) as caught:
            ran(tmp_path / path.stem, path)
        assert caught.value.path == str(path)


def test_the_odd_csv_files_of_others_never_crash(shared_data, tmp_path):
    for path in sorted((shared_data / "conformance" / "csv").glob("*.csv")):
        with pytest.raises(InputError) as caught:
            ran(tmp_path / path.stem, path)
        assert caught.value.path == str(path)


def test_the_odd_csv_files_of_others_under_a_header_of_trips_are_counted_rows(shared_data, tmp_path):
    for path in sorted((shared_data / "conformance" / "csv").glob("*.csv")):
        wrapped = raw(tmp_path, GREEN.encode() + b"\n" + path.read_bytes() + b"\n" + ROW.encode(), path.name)
        try:
            found = ran(tmp_path / path.stem, wrapped)
        except UnreadableFile as error:
            assert error.path == str(wrapped)
        else:
            assert found.told["rows_silver"] == 1, path.name
            assert found.told["rows_read"] >= 1 + found.told["rows_quarantined"], path.name


# -- what can be read, though it looks odd ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("green.csv", PARQUET, id="Parquet called CSV"),
        pytest.param("green.parquet", TEXT.encode(), id="CSV called Parquet"),
        pytest.param("green.csv", GZIP, id="gzip called CSV"),
        pytest.param("green.csv.gz", TEXT.encode(), id="CSV called gzip"),
        pytest.param("green.txt", TEXT.encode(), id="CSV called text"),
        pytest.param("green", TEXT.encode(), id="no extension"),
        pytest.param("grün é\n<b>.csv", TEXT.encode(), id="an unusual name"),
        pytest.param("green.csv", TEXT.encode("utf-16"), id="UTF-16 with its mark"),
        pytest.param("green.csv", b"\xef\xbb\xbf" + TEXT.encode(), id="UTF-8 with its mark"),
        pytest.param("green.csv", TEXT.replace("\n", "\r").encode(), id="old-Mac line ends"),
        pytest.param("green.csv", TEXT.replace("\n", "\r\n", 90).encode(), id="mixed line ends"),
        pytest.param("green.csv", TEXT.replace("\n", "\n\n").encode(), id="blank lines everywhere"),
        pytest.param("green.csv.gz", GZIP + gzip.compress(b"", mtime=0), id="two gzip members"),
    ],
)
def test_a_file_in_another_dress_has_the_same_rows(tmp_path, name, content):
    assert fates(ran(tmp_path, raw(tmp_path, content, name)).told) == (200, 200, 0, 0)


def test_a_header_alone_is_a_file_of_no_rows_beside_others(tmp_path):
    alone = write(tmp_path, GREEN + "\n", "in/green_2020-09.csv")
    full = write(tmp_path, TEXT, "in/green_2020-10.csv")

    assert fates(ran(tmp_path, alone, full).told) == (200, 200, 0, 0)


ODD_ROWS: dict[str, tuple[str | bytes, str | None]] = {  # a line, and the rule it breaks (None: it is fine)
    "cut in half": (ROW[: len(ROW) // 2], "unparseable_line"),
    "prose": ("Total: 95,120 trips", "unparseable_line"),
    "a field too many": (ROW + ",7", "unparseable_line"),
    "an open quote": ('"' + ROW, "unparseable_line"),
    "a NUL": (green(store_and_fwd_flag="N\x00"), "unparseable_line"),
    "Latin-1": (green(store_and_fwd_flag="ü").encode("latin-1"), "unparseable_line"),
    "UTF-8": (green(store_and_fwd_flag="ü"), None),
    "the header again": (GREEN, "unparseable_line"),
    "commas alone": ("," * 19, "required_null"),
    "no pickup time": (green(lpep_pickup_datetime=""), "required_null"),
    "an American time": (green(lpep_pickup_datetime="10/01/2020 12:31:19 AM"), None),
    "a time with a T": (green(lpep_pickup_datetime="2020-10-01T00:31:19"), None),
    "a time with microseconds": (green(lpep_pickup_datetime="2020-10-01 00:31:19.500000"), None),
    "a time in words": (green(lpep_pickup_datetime="yesterday"), "outside_type"),
    "a date alone": (green(lpep_pickup_datetime="2020-10-01"), "outside_type"),
    "a time with a zone": (green(lpep_pickup_datetime="2020-10-01 00:31:19+02:00"), "outside_type"),
    "the thirteenth month": (green(lpep_pickup_datetime="2020-13-01 00:31:19"), "outside_type"),
    "the thirtieth of February": (green(lpep_pickup_datetime="2020-02-30 00:31:19"), "outside_type"),
    "seconds since 1970": (green(lpep_pickup_datetime="1601512279"), "outside_type"),
    "thousands in quotes": (green(trip_distance='"1.50"', fare_amount='"1,234.50"'), None),
    "thousands without quotes": (green(fare_amount="1,234.50"), "unparseable_line"),
    "a decimal comma in quotes": (green(fare_amount='"5,00"'), "outside_type"),
    "a currency": (green(fare_amount="5 EUR"), "outside_type"),
    "no number": (green(fare_amount="NaN"), None),
    "infinitely much": (green(fare_amount="inf"), "outside_type"),
    "more than an int32": (green(fare_amount="99999999999"), "outside_type"),
    "more digits than a float": (green(fare_amount="9" * 400), "outside_type"),
    "an exponent": (green(fare_amount="5e0"), None),
    "a zone that is none": (green(PULocationID="999"), "outside_type"),
    "half a passenger": (green(passenger_count="1.5"), "outside_type"),
    "markup": ("<script>alert(1)</script>", "unparseable_line"),
    "a formula": ('=HYPERLINK("http://x.example")', "unparseable_line"),
    "commas by the thousand": ("," * 2_000, "required_null"),
    "quotes by the thousand": ('"' * 2_001, "unparseable_line"),
}


@pytest.mark.parametrize("name", ODD_ROWS)
def test_an_odd_row_is_counted_under_its_rule_and_spares_its_neighbours(tmp_path, name):
    line, rule = ODD_ROWS[name]
    line = line if isinstance(line, bytes) else line.encode()
    path = write(tmp_path, b"\n".join([GREEN.encode(), DAY[0].encode(), line, DAY[1].encode(), b""]))
    found = ran(tmp_path, path)

    assert fates(found.told) == ((3, 3, 0, 0) if rule is None else (3, 2, 1, 0))
    if rule:
        (refused,) = found.quarantine
        assert rule in refused["reasons"]
        assert refused["source_row"] == 2
        assert refused["source_file"] == path.name
        if rule == "unparseable_line":
            assert refused["raw"] == line.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def test_all_odd_rows_together_are_counted_as_one_by_one(tmp_path):
    lines = [line if isinstance(line, bytes) else line.encode() for line, _ in ODD_ROWS.values()]
    refused = sum(rule is not None for _, rule in ODD_ROWS.values())
    path = write(tmp_path, b"\n".join([GREEN.encode(), *lines, b""]))
    found = ran(tmp_path, path)

    assert found.told["rows_read"] == len(lines)
    assert found.told["rows_quarantined"] == refused


# -- the same rows twice ----------------------------------------------------------------------------------


def test_two_files_with_the_same_rows_are_counted_once(tmp_path):
    one, two = (write(tmp_path, TEXT, f"in/{name}/green_2020-10.csv") for name in ("a", "b"))

    assert fates(ran(tmp_path, one, two).told) == (400, 200, 0, 200)


def test_a_month_twice_in_one_file_is_counted_once(tmp_path):
    path = write(tmp_path, TEXT + "\n".join(DAY) + "\n")

    assert fates(ran(tmp_path, path).told) == (400, 200, 0, 200)


def test_a_month_as_csv_and_as_parquet_is_counted_once(tmp_path):
    """The publisher's numbers are the same trips in either dress."""
    paths = [raw(tmp_path, TEXT.encode(), "green_2020-10.csv"), raw(tmp_path, PARQUET, "green_2020-10.parquet")]

    assert fates(ran(tmp_path, *paths).told) == (400, 200, 0, 200)


def test_a_file_that_is_named_three_ways_is_read_once(tmp_path):
    path = write(tmp_path, TEXT, "in/green.csv")
    (tmp_path / "in/link.csv").symlink_to(path)

    assert fates(ran(tmp_path, path, f"{tmp_path}/in/../in/green.csv", tmp_path / "in").told) == (200, 200, 0, 0)


# -- damage at random -------------------------------------------------------------------------------------

BODY = ("\n".join(DAY[:60]) + "\n").encode()
DAMAGE = st.lists(st.tuples(st.integers(0, len(BODY) - 1), st.binary(max_size=3), st.integers(0, 40)), max_size=6)


def damaged(data: bytes, damage: list[tuple[int, bytes, int]]) -> bytes:
    """`data` where at each place some bytes are put in and some are dropped."""
    for at, put, dropped in damage:
        data = data[:at] + put + data[at + dropped :]
    return data


def records(text: bytes) -> list[bytes]:
    """The lines that are not blank, whatever ends them."""
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return [line for line in lines if line.strip()]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(damage=DAMAGE)
@example(damage=[(0, b"\x00\x00", 0)])
@example(damage=[(100, b'"', 0)])
@example(damage=[(100, b"\r", 0), (300, b"\n\r\n", 0)])
def test_damaged_text_costs_the_damaged_rows_only(damage):
    body = damaged(BODY, damage)
    with tempfile.TemporaryDirectory() as folder:
        path = raw(Path(folder), GREEN.encode() + b"\n" + body, "green.csv")
        found = ran(Path(folder), path)

    lines = records(body)
    untouched = set(lines) & set(records(BODY))
    assert found.told["rows_read"] == len(lines)
    assert found.told["rows_silver"] >= len(untouched)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(at=st.integers(0, len(PARQUET) - 1), bit=st.integers(0, 7), cut=st.integers(0, 3))
def test_damaged_parquet_is_refused_or_keeps_its_rows(at, bit, cut):
    data = bytearray(PARQUET)
    data[at] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        path = raw(Path(folder), bytes(data[: len(data) - cut * 100]), "green.parquet")
        try:
            found = ran(Path(folder), path)
        except InputError as error:
            assert error.path == str(path)
        else:
            assert found.told["rows_read"] == 200


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(at=st.integers(10, len(GZIP) - 1), bit=st.integers(0, 7))
def test_damaged_gzip_is_refused(at, bit):
    data = bytearray(GZIP)
    data[at] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        path = raw(Path(folder), bytes(data), "green.csv.gz")
        with pytest.raises(UnreadableFile) as caught:
            ran(Path(folder), path)

    assert caught.value.path == str(path)


def test_unreadable_files_are_listed_beside_the_readable(tmp_path):
    for name, (content, _, _) in UNREADABLE.items():
        raw(tmp_path, content, name)
    good = raw(tmp_path, TEXT.encode(), "green_2020-10.csv")
    found = discover([tmp_path / "in"])

    named = {error.path for error in found.unreadable} | {file.given for file in found.files}
    assert named == {str(path) for path in (tmp_path / "in").iterdir()}
    assert str(good) in {file.given for file in found.files}


# -- the whole command ------------------------------------------------------------------------------------


def assert_refused(ended: Ended, *words: str) -> None:
    """Exit code 2, one sentence with these words, no traceback."""
    assert ended.code == 2, ended.err + ended.out
    told = " ".join(ended.err.split())
    for word in words:
        assert word in told
    assert told.startswith("error: ")
    assert "Traceback" not in ended.err + ended.out


def assert_nothing_published(out: Path) -> None:
    assert not os.path.lexists(out / "current")
    assert not (out / "run.json").exists()
    assert not (out / "report.html").exists()
    assert not list(out.glob("versions/*"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("empty.csv", "the file is empty", id="seen before the work begins"),
        pytest.param(
            "one-long-line.csv", "a line of more than 16 MB", id="seen while it is read", marks=pytest.mark.full
        ),
        pytest.param("unknown.csv", "Add a header version", id="an unknown header"),
    ],
)
def test_one_unreadable_file_stops_the_run_before_publishing(tmp_path, name, words):
    good, bad = raw(tmp_path, TEXT.encode(), "green_2020-10.csv"), raw(tmp_path, UNREADABLE[name][0], name)
    ended = course("pipeline", "--input", good, "--input", bad, "--out", tmp_path / "out", "--workers", "1")

    assert_refused(ended, str(bad), words)
    assert_nothing_published(tmp_path / "out")


@pytest.mark.full
def test_a_header_alone_ends_the_run(tmp_path):
    path = write(tmp_path, GREEN + "\n")
    ended = course("pipeline", "--input", path, "--out", tmp_path / "out", "--workers", "1")

    assert_refused(ended, str(path), "no trips")
    assert_nothing_published(tmp_path / "out")


def test_verbose_shows_where_it_happened(tmp_path):
    ended = course("pipeline", "--input", tmp_path / "gone.csv", "--out", tmp_path / "out", "--verbose")

    assert ended.code == 2
    assert "Traceback" in ended.err
    assert "gone.csv: there is no such file" in ended.err


def on_a_file(folder: Path) -> Path:
    return write(folder, "in the way", "out")


def below_a_file(folder: Path) -> Path:
    return write(folder, "in the way", "file") / "out"


def not_ours(folder: Path) -> Path:
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc to stand for a folder that even root cannot write")
    return Path("/proc/out")


@pytest.mark.parametrize("make", [on_a_file, below_a_file, not_ours])
def test_an_output_folder_that_cannot_be_is_named(tmp_path, make):
    out = make(tmp_path)
    ended = course("pipeline", "--input", write(tmp_path, TEXT), "--out", out)

    assert_refused(ended, str(out), "choose another --out folder")


@pytest.mark.full
def test_the_readable_files_are_published_when_asked_and_the_others_listed(tmp_path):
    late = {"half.csv.gz", "damaged-page.parquet", "one-long-line.csv"}
    good = raw(tmp_path, TEXT.encode(), "green_2020-10.csv")
    alone = course("pipeline", "--input", tmp_path / "in", "--out", tmp_path / "alone", "--workers", "1")
    bad = {str(raw(tmp_path, content, name)): content for name, (content, _, _) in UNREADABLE.items()}
    out = tmp_path / "out"
    stopped = course("pipeline", "--input", tmp_path / "in", "--out", out, "--workers", "2")
    assert_refused(stopped, str(tmp_path / "in"))
    assert_nothing_published(out)
    ended = course("pipeline", "--input", tmp_path / "in", "--out", out, "--workers", "2", "--skip-unreadable")

    assert (alone.code, ended.code) == (0, 0), alone.err + ended.err
    told = facts(out)
    assert {Path(path).name for path in bad} >= late
    assert {skipped["path"] for skipped in told["skipped"]} == set(bad)
    assert all(skipped["why"] for skipped in told["skipped"])
    assert [(file["path"], file["rows_read"]) for file in told["files"]] == [(str(good), 200)]
    assert fates(told) == (200, 200, 0, 0)
    assert told["digest"] == facts(tmp_path / "alone")["digest"]
    assert "Traceback" not in ended.err + ended.out


@pytest.mark.full
def test_a_published_version_survives_a_run_that_is_refused(tmp_path):
    good, bad, out = raw(tmp_path, TEXT.encode(), "green.csv"), raw(tmp_path, GZIP[:-1], "bad.csv.gz"), tmp_path / "out"
    assert course("pipeline", "--input", good, "--out", out, "--workers", "1").code == 0
    before = {path: path.read_bytes() for path in visible(out)}
    ended = course("pipeline", "--input", good, "--input", bad, "--out", out, "--workers", "1")

    assert_refused(ended, str(bad), "too early")
    assert {path: path.read_bytes() for path in visible(out)} == before


def visible(out: Path) -> list[Path]:
    """What a reader of a run's folder sees of its result."""
    current = (out / "current").resolve()
    return [path for path in [*current.rglob("*"), out / "run.json"] if path.is_file()]


@pytest.mark.full
def test_the_oddest_rows_go_through_to_the_report(tmp_path):
    lines = [line if isinstance(line, bytes) else line.encode() for line, _ in ODD_ROWS.values()]
    path = raw(tmp_path, b"\n".join([GREEN.encode(), *lines, *(line.encode() for line in DAY)]), "<b>grün</b>.csv")
    out = tmp_path / "out"
    ended = course("pipeline", "--input", path, "--out", out, "--workers", "2")

    assert ended.code == 0, ended.err
    told = facts(out)
    read, silver, refused, again = fates(told)
    assert read == len(lines) + len(DAY) == silver + refused + again
    assert refused == sum(rule is not None for _, rule in ODD_ROWS.values())
    assert told["model"] is None
    assert told["model_skipped"]
    report = out / "report.html"
    if report.exists():
        assert "<script>alert(1)" not in report.read_text()
        assert "<b>grün</b>" not in report.read_text()


@pytest.mark.full
def test_a_name_that_is_no_utf8_goes_through_to_the_end(tmp_path):
    """And so does one that a format, a shell, a terminal or a page would take for something else."""
    folder, out = tmp_path / os.fsdecode(b"tr\xffips"), tmp_path / "o ut'\"{x}[red]%20 ü\n?#"
    names = [os.fsdecode(b"green_\xff.csv"), "green_\\xff.csv", "green_{x}%s[b]\n\x1b[31m.csv"]
    for name in names:
        raw(folder, TEXT.encode(), name)
    raw(folder, PARQUET, os.fsdecode(b"green_\xfe.parquet"))
    raw(folder, b"a,b\n", os.fsdecode(b"unknown_\xfd.csv"))
    (canonical,) = generate(Settings(trips=300, seed=1, months=1), tmp_path / "made")
    canonical.rename(folder / "in" / os.fsdecode(b"canonical_\xff.parquet"))
    ended = course("pipeline", "--input", folder / "in", "--out", out, "--workers", "1", "--skip-unreadable")

    assert ended.code == 0, ended.err
    told = facts(out)
    shown = ["canonical_\\xff.parquet", "green_\\\\xff.csv", "green_\\xfe.parquet", "green_\\xff.csv", names[2]]
    assert [Path(file["path"]).name for file in told["files"]] == shown
    assert {Path(file["path"]).parents[1].name for file in told["files"]} == {"tr\\xffips"}
    assert [Path(file["path"]).name for file in told["skipped"]] == ["unknown_\\xfd.csv"]
    assert (told["rows_read"], told["rows_duplicate"]) == (300 + 4 * 200, 3 * 200 + told["files"][0]["rows_duplicate"])
    silver = {row for path in (out / "current/silver").rglob("*.parquet") for row in sources(path)}
    assert silver <= set(shown)
    events = [json.loads(line) for line in (out / "lineage" / "events.ndjson").read_bytes().splitlines()]
    assert {f"inputs/{name}" for name in shown} <= {one["name"] for event in events for one in event["inputs"]}
    assert "green_\\xff.csv" in (out / "report.html").read_text()
    assert "\x1b[31m" not in ended.out


@pytest.mark.full
def test_an_input_that_is_replaced_while_it_is_read_in_place_is_told_and_read_anew(tmp_path):
    """The worst moment: after it was indexed, by a file that is as good."""
    (path,), (other,) = (generate(Settings(3_000, seed, months=1), tmp_path / str(seed)) for seed in (1, 2))
    out, command = tmp_path / "out", [sys.executable, "-m", "course_lib.cli", "pipeline", "--workers", "1"]
    run = subprocess.Popen([*command, "--input", path, "--out", out], stderr=subprocess.PIPE, text=True)
    while run.poll() is None and not list((out / ".work/records/index").glob("*.json")):
        time.sleep(0.005)
    os.replace(other, path)
    told = run.communicate()[1]

    assert_refused(Ended(run.returncode, "", told), str(path), "changed while it was read")
    assert_nothing_published(out)
    ended = course("pipeline", "--input", path, "--out", out, "--workers", "1")
    assert ended.code == 0, ended.err
    assert silver_ids(out / "current") == silver_ids(ran(tmp_path, path).work / "tables")


def silver_ids(tables: Path) -> list[int]:
    parts = (tables / "silver").rglob("*.parquet")
    return sorted(
        row for part in parts for row in pq.ParquetFile(part).read(columns=["trip_id"])["trip_id"].to_pylist()
    )


def sources(path: Path) -> set[str]:
    return set(pq.ParquetFile(path).read(columns=["source_file"])["source_file"].to_pylist())


@pytest.mark.full
def test_two_runs_in_one_folder_at_the_same_time_do_not_mix(tmp_path):
    path, out = raw(tmp_path, TEXT.encode(), "green_2020-10.csv"), tmp_path / "out"
    command = [sys.executable, "-m", "course_lib.cli", "pipeline", "--input", str(path), "--out", str(out)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([*command, "--workers", "1"], **pipes) for _ in range(2)]
    ended = [Ended(process.wait(), *process.communicate()) for process in started]

    assert sorted(one.code for one in ended) == [0, 2], [one.err for one in ended]
    assert_refused(next(one for one in ended if one.code == 2), str(out), "another run is writing here")
    assert fates(facts(out)) == (200, 200, 0, 0)
    manifest = json.loads((out / "current" / "MANIFEST.json").read_text())
    assert manifest["digest"] == facts(out)["digest"]
