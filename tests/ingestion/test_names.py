"""Every name of a file has one text, every text one name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.ingestion.names import as_name, as_text, is_text

NAMES = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.text("\\xabf8 é\udc80\udcff", max_size=12).map(lambda text: text.encode("utf-8", "surrogateescape")),
).filter(lambda name: b"\0" not in name)


@given(name=NAMES)
@example(rb"\\\xff")
@example(b"\\\xff")
@example(b"\\x\xff")
@example(b"\xed\xb3\xbf")  # a lone surrogate in UTF-8, which is none
def test_the_text_of_a_name_is_valid_and_leads_back_to_it(name: bytes):
    text = as_text(os.fsdecode(name))

    assert as_name(text.encode("utf-8", "strict").decode()) == name


@given(one=NAMES, other=NAMES)
@example(one=b"green_\xff.csv", other=rb"green_\xff.csv")
def test_no_two_names_are_told_alike(one: bytes, other: bytes):
    assert (as_text(os.fsdecode(one)) == as_text(os.fsdecode(other))) == (one == other)


@pytest.mark.parametrize("name", ["grün é.csv", "タクシー.csv", r"C:\trips\x.csv", "a\nb.csv", r"\xfe"[:3], "{x}%s"])
def test_a_name_that_is_text_is_told_as_it_is(name: str):
    assert as_text(name) == name
    assert as_text(Path(name)) == name


def test_a_path_with_a_stray_byte_anywhere_is_no_text():
    assert is_text(Path("/trips/grün.csv"))
    assert not is_text(Path(os.fsdecode(b"/tr\xffips/green.csv")))
