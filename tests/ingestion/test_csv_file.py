"""Every line of a CSV file that is not blank is one row of bronze, whatever state it is in."""

import codecs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.errors import InputError, UnreadableFile
from course_lib.ingestion.read import read_bronze
from tests.ingestion.trip_files import FHV, FHV_ROW, GREEN, ROW, green, problems, read, rows, source, write

UNPARSEABLE = {"unparseable"}
LINES = [GREEN, ROW, green(fare_amount="9"), green(fare_amount="-3")]


def fares(table):
    return table["fare_cents"].to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(LINES) + "\n", id="LF"),
        pytest.param("\n".join(LINES), id="no end of the last line"),
        pytest.param("\r\n".join(LINES) + "\r\n", id="CRLF"),
        pytest.param("\r".join(LINES) + "\r", id="the lone CR of old Macs"),
        pytest.param("\r".join(LINES), id="CR without an end of the last line"),
        pytest.param(LINES[0] + "\n" + "\r\n".join(LINES[1:]) + "\r\n", id="LF header over a CRLF body"),
        pytest.param(LINES[0] + "\n\r\n" + "\r\n".join(LINES[1:]) + "\r\n", id="blank second line"),
        pytest.param("\n \n" + "\n\n".join(LINES) + "\n\n  \n", id="blank lines everywhere"),
        pytest.param(LINES[0] + "\n" + LINES[1] + "\r" + LINES[2] + "\r\n" + LINES[3], id="all three mixed"),
        pytest.param("\ufeff" + "\n".join(LINES), id="byte order mark"),
        pytest.param("\n".join(",".join(f'"{f}"' for f in line.split(",")) for line in LINES), id="all quoted"),
        pytest.param("\n".join(";".join(line.split(",")) for line in LINES), id="semicolons"),
        pytest.param("\n".join("\t".join(line.split(",")) for line in LINES), id="tabs"),
        pytest.param("\n".join(" , ".join(line.split(",")) for line in LINES), id="padded names and values"),
        pytest.param(LINES[0] + "\n" + ",,\n".join(LINES[1:]) + ",,\n", id="two empty fields more than names"),
        pytest.param(LINES[0] + "\n" + LINES[1] + ", ,\n" + LINES[2] + "\n" + LINES[3] + ",", id="some rows longer"),
        pytest.param(LINES[0] + ",,\n" + ",,\n".join(LINES[1:]) + ",,\n", id="empty names at the end"),
        pytest.param(LINES[0] + "\n" + ("," * 9999 + "\n").join(LINES[1:]), id="ten thousand empty fields"),
        pytest.param("," + "\n7,".join(LINES), id="an index that pandas wrote along"),
        pytest.param(LINES[0].upper() + "\n" + "\n".join(LINES[1:]), id="names in capitals"),
    ],
)
@pytest.mark.parametrize("name", ["green_tripdata_2020-10.csv", "green.csv.gz"])
def test_the_same_rows_in_another_dress_are_the_same_rows(text, name, tmp_path):
    plain = read(write(tmp_path / "a", "\n".join(LINES), name))

    table = read(write(tmp_path / "b", text, name))

    assert table.drop(["store_and_fwd_flag", "trip_type"]) == plain.drop(["store_and_fwd_flag", "trip_type"])
    assert fares(table) == [500, 900, -300]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_with_a_byte_order_mark_is_decoded(encoding, tmp_path):
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")

    table = read(write(tmp_path, mark + "\r\n".join(LINES).encode(encoding)))

    assert fares(table) == [500, 900, -300]


def test_columns_may_come_in_any_order(tmp_path):
    header, row = GREEN.split(","), ROW.split(",")

    (swapped,) = rows(tmp_path, ",".join(reversed(row)), header=",".join(reversed(header)))

    (plain,) = rows(tmp_path, ROW)
    assert swapped == plain


BAD_LINES = [
    pytest.param(ROW[:40], id="cut in half"),
    pytest.param(ROW + ",7", id="a field too many"),
    pytest.param(ROW + ",,7", id="a value behind an empty surplus field"),
    pytest.param("not a trip", id="prose"),
    pytest.param('"' + ROW, id="a quote without its end"),
    pytest.param(green(store_and_fwd_flag='N"x'), id="a stray quote"),
    pytest.param(green(store_and_fwd_flag='"N"x'), id="text behind a closing quote"),
    pytest.param(green(store_and_fwd_flag="N\x00"), id="a NUL"),
    pytest.param(green(store_and_fwd_flag="Ü").encode("latin-1"), id="a byte that is no UTF-8"),
    pytest.param("," * 100_000 + "x", id="very many fields"),
    pytest.param(GREEN, id="the header again"),
    pytest.param(GREEN + "\r", id="the header again, with another line end"),
    pytest.param("\x1a", id="the end-of-file mark of DOS"),
]


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_line_that_cannot_be_parsed_is_a_row_and_spares_its_neighbours(bad, tmp_path):
    bad = bad.encode() if isinstance(bad, str) else bad
    lines = [GREEN.encode(), ROW.encode(), bad, green(fare_amount="9").encode(), bad]

    first, broken, third, last = read(write(tmp_path, b"\n".join(lines))).to_pylist()

    assert problems(broken) == problems(last) == UNPARSEABLE
    assert (problems(first), problems(third), third["fare_cents"]) == (set(), set(), 900)
    assert [row["source_row"] for row in (first, broken, third, last)] == [1, 2, 3, 4]
    raw = bad.strip(b"\r").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    assert (broken["raw"], first["raw"]) == (raw, None)
    kept = {"source_file", "source_row", "service", "problems", "raw"}
    assert {name for name, value in broken.items() if value is not None} == kept


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        pytest.param(green(fare_amount='"1,234.50"'), "fare_cents", 123450, id="a comma inside quotes"),
        pytest.param(green(store_and_fwd_flag='"a ""b"", c"'), "store_and_fwd_flag", 'a "b", c', id="doubled quotes"),
        pytest.param(green(fare_amount=' "5" '), "fare_cents", 500, id="spaces round quotes"),
        pytest.param(green(store_and_fwd_flag="€"), "store_and_fwd_flag", "€", id="UTF-8 beyond ASCII"),
    ],
)
def test_quoting_as_it_should_be_is_read(line, field, value, tmp_path):
    first, second = rows(tmp_path, ROW, line)

    assert problems(second) == set()
    assert second[field] == value
    assert first["fare_cents"] == 500


def test_a_header_alone_is_a_file_without_rows(tmp_path):
    path = write(tmp_path, GREEN)

    assert list(read_bronze(source(path))) == []


def test_rows_of_empty_fields_are_rows(tmp_path):
    """A line of commas is a record of nulls, not a blank line; a rule will refuse it."""
    empty, full = rows(tmp_path, "," * 19, ROW)

    assert (empty["pickup_at"], empty["problems"], full["fare_cents"]) == (None, 0, 500)


def test_batches_bound_the_rows_and_change_nothing(tmp_path):
    lines = [green(fare_amount=str(i)) for i in range(200)]
    path = write(tmp_path, "\r\n".join([GREEN, *lines]))

    assert read(path, batch_rows=30).combine_chunks() == read(path).combine_chunks()


def test_short_rows_do_not_make_larger_batches(tmp_path):
    path = write(tmp_path, "\n".join([FHV, *["B1,,7"] * 100]), "fhv.csv")

    assert [batch.num_rows for batch in read_bronze(source(path), 30)][:3] == [30, 30, 30]
    assert read(path, batch_rows=30)["source_row"].to_pylist() == list(range(1, 101))


@pytest.mark.parametrize(
    ("fees", "cents", "names"),
    [
        pytest.param({"extra": "0.5", "mta_tax": "", "improvement_surcharge": ""}, 50, set(), id="no fee is nothing"),
        pytest.param({"extra": "", "mta_tax": "", "improvement_surcharge": ""}, None, set(), id="no fees at all"),
        pytest.param({"extra": "-1", "mta_tax": "0.125", "improvement_surcharge": "0"}, -88, set(), id="a refund"),
        pytest.param({"extra": "x"}, None, {"surcharges_cents"}, id="an unreadable fee"),
        pytest.param({"extra": "2e7", "mta_tax": "2e7"}, None, {"surcharges_cents"}, id="a sum outside its type"),
    ],
)
def test_fees_are_summed(tmp_path, fees, cents, names):
    (row,) = rows(tmp_path, green(**{"congestion_surcharge": ""} | fees))

    assert (row["surcharges_cents"], problems(row)) == (cents, names)


def test_a_gzip_cut_short_is_refused_with_the_rows_read_before(tmp_path):
    lines = [green(fare_amount=str(i), tip_amount=str(i * 7919 % 1000)) for i in range(60_000)]
    path = write(tmp_path, "\n".join([GREEN, *lines]), "green.csv.gz")
    path.write_bytes(path.read_bytes()[:-1000])

    with pytest.raises(UnreadableFile) as caught:
        list(read_bronze(source(path), 20_000))

    assert caught.value.path == str(path)
    assert "end too early" in str(caught.value)
    assert "rows could be read before" in str(caught.value)


def test_a_gzip_with_a_flipped_bit_is_refused(tmp_path):
    path = write(tmp_path, "\n".join([GREEN, *[ROW] * 60_000]), "green.csv.gz")
    data = bytearray(path.read_bytes())
    data[-6] ^= 1  # its check sum
    path.write_bytes(data)

    with pytest.raises(UnreadableFile, match="gzip data are damaged"):
        list(read_bronze(source(path), 20_000))


def test_a_gzip_of_several_members_is_read_to_its_end(tmp_path):
    path = write(tmp_path, "\n".join(LINES) + "\n", "green.csv.gz")
    more = write(tmp_path / "more", ROW + "\n", "green.csv.gz")
    path.write_bytes(path.read_bytes() + more.read_bytes())

    assert read(path).num_rows == 4


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    path = write(tmp_path, GREEN + "\n" + "x" * (17 << 20))

    with pytest.raises(UnreadableFile, match="a line of more than 16 MB"):
        list(read_bronze(source(path)))


def test_a_file_that_vanished_is_refused(tmp_path):
    file = source(write(tmp_path, "\n".join(LINES)))
    file.path.unlink()

    with pytest.raises(UnreadableFile, match="no such file"):
        list(read_bronze(file))


def expected_records(body: bytes) -> int:
    """The law, in the slowest words: what stands between line ends and is not blank."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return sum(1 for line in lines if line.strip())


PIECES = [b",", b'"', b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b"\xc3\xa9", b" ", b"7", b"\t"]
PIECES += [FHV_ROW.encode(), FHV.encode()]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=5)), max_size=40).map(b"".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_after_a_header_are_lost_or_raise(tmp_path, body):
    path = write(tmp_path, FHV.encode() + b"\n" + body, "fhv.csv")

    table = read(path)

    assert table.num_rows == expected_records(body)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_of_random_bytes_raises_anything_but_an_input_error(tmp_path, data):
    path = write(tmp_path, data, "fhv.csv")

    with pytest.raises(InputError):
        read(path)
