"""Judging many lines at once is the same as judging them one by one."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion.csv_file import _parse
from course_lib.ingestion.lines import TextHeader, records, split
from course_lib.ingestion.sniff import split_names
from course_lib.ingestion.text_blocks import first_line

LINE = b"a,b,c"
HEADER = TextHeader(LINE, ("a", "b", "c"), ",")


def slowly(block: bytes) -> list[list[str] | None]:
    """The oracle: each record's fields, or None where it cannot be parsed."""
    found = []
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            fields = None if b"\x00" in line or line.strip() == LINE else split(line.decode(), ",")
        except UnicodeDecodeError:
            fields = None
        short = fields is None or len(fields) < 3 or any(field.strip() for field in fields[3:])
        found.append(None if short else fields[:3])
    return found


def quickly(block: bytes) -> list[list[str] | None]:
    found = records(block, HEADER)
    columns = [column.fill_null("").to_pylist() for column in _parse(found, ",", [pa.string()] * 3)]
    more = zip(*columns[3:], strict=True)
    surplus = [any(text.strip() for text in row) for row in more] or [False] * len(found.starts)
    rows = zip(*columns[:3], strict=True)
    broken = zip(found.unparseable.tolist(), surplus, strict=True)
    return [None if any(bad) else list(row) for row, bad in zip(rows, broken, strict=True)]


CELLS = [b"", b"7", b" 7 ", b'"7"', b'"x,y"', b'"a""b"', b'"', b'a"b', b"\xc3\xa9", b"\xff", b"\x00", b'""']
cells = st.sampled_from(CELLS)
lines = st.one_of(
    st.lists(cells, max_size=6).map(b",".join),
    st.lists(cells, min_size=3, max_size=3).map(b",".join),
    st.just(LINE),
    st.binary(max_size=8).map(lambda text: text.replace(b"\n", b"").replace(b"\r", b"")),
)


@given(st.lists(lines, max_size=12))
@settings(deadline=None, max_examples=300)
def test_many_at_once_is_the_same_as_one_by_one(some):
    block = b"".join(line + b"\n" for line in some)

    assert quickly(block) == slowly(block)


@given(st.lists(lines, max_size=8))
@settings(deadline=None, max_examples=50)
def test_every_record_knows_its_text(some):
    block = b"".join(line + b"\n" for line in some)
    found = records(block, HEADER)

    texts = [block[start:end] for start, end in zip(found.starts, found.ends, strict=True)]

    assert texts == [line for line in some if line.strip()]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("", [""]),
        (",", ["", ""]),
        ('"a"', ["a"]),
        (' "a" ,b', ["a", "b"]),
        ('"a""b"', ['a"b']),
        ('"a"b', None),
        ('a"b', None),
        ('"a', None),
        ('"a","b', None),
    ],
)
def test_splitting_one_line(line, fields):
    assert split(line, ",") == fields


def test_a_delimiter_that_means_something_to_regular_expressions():
    assert split('1|"2|3"|4', "|") == ["1", "2|3", "4"]
    assert split_names("a|b", "|") == ("a", "b")


def test_a_tab_is_a_delimiter_and_no_space_round_a_quote():
    assert split('1\t\t"x"\t2', "\t") == ["1", "", "x", "2"]
    assert split_names('a\t\t"x"', "\t") == ("a", "", "x")


def test_the_first_line_is_the_first_that_is_not_blank():
    assert first_line(b"\n  \na,b\n1,2\n") == (b"a,b", b"1,2\n")
    assert first_line(b"\n\n") == (b"", b"")
