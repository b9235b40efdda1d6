"""Text comes in whole lines, whatever its line ends and wherever a block ends."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion.text_blocks import text_blocks

pieces = st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"a", b"bc", b"\xff"]), max_size=30).map(b"".join)


def lines(text: bytes) -> list[bytes]:
    plain = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return [line for line in plain.split(b"\n") if line]


@given(pieces, st.integers(1, 8))
@settings(deadline=None)
def test_where_a_block_ends_changes_no_line(text, size):
    blocks = list(text_blocks(io.BytesIO(text), size))

    assert lines(b"".join(blocks)) == lines(text)
    assert all(block.endswith(b"\n") and b"\r" not in block for block in blocks)


@given(st.text(alphabet="añ€\n,", max_size=20), st.integers(2, 7), st.sampled_from(["utf-16", "utf-8-sig"]))
@settings(deadline=None)
def test_encodings_are_decoded_across_blocks(text, size, encoding):
    data = text.encode(encoding)

    blocks = text_blocks(io.BytesIO(data), max(size, 3))

    assert lines(b"".join(blocks)) == lines(text.encode())


def test_an_odd_byte_at_the_end_of_utf16_is_escaped():
    data = "a\n".encode("utf-16-le") + b"\x41"

    assert b"".join(text_blocks(io.BytesIO(b"\xff\xfe" + data))) == b"a\n\\x41\n"
