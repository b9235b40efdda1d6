"""Is every message read as it was written, and nothing else?"""

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.pgoutput import (
    Begin,
    Column,
    Commit,
    Decoder,
    Delete,
    Insert,
    Other,
    Relation,
    Truncate,
    Update,
    read_lsn,
    write_lsn,
)

TRIPS = Relation(16384, "public.trips", "d", (Column("id", 20, True), Column("note", 25, False)))


def relation(told: Relation = TRIPS) -> bytes:
    schema, name = told.name.split(".")
    head = struct.pack(">cI", b"R", told.oid) + schema.encode() + b"\0" + name.encode() + b"\0"
    columns = b"".join(
        struct.pack(">B", column.key) + column.name.encode() + b"\0" + struct.pack(">Ii", column.type, -1)
        for column in told.columns
    )
    return head + told.identity.encode() + struct.pack(">H", len(told.columns)) + columns


def values(*texts: str | type[Ellipsis] | None) -> bytes:
    """A row: text, null (None) or unchanged (...)."""
    parts = [struct.pack(">H", len(texts))]
    for text in texts:
        if text is None or text is ...:
            parts.append(b"n" if text is None else b"u")
        else:
            data = str(text).encode()
            parts.append(b"t" + struct.pack(">I", len(data)) + data)
    return b"".join(parts)


def change(kind: bytes, *parts: bytes) -> bytes:
    return kind + struct.pack(">I", TRIPS.oid) + b"".join(parts)


@pytest.fixture
def decoder() -> Decoder:
    found = Decoder()
    found.decode(relation())
    return found


def test_a_relation_tells_names_types_and_key():
    assert Decoder().decode(relation()) == TRIPS


def test_begin_and_commit_tell_position_time_and_transaction():
    second = 1_000_000
    at = datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC)

    assert Decoder().decode(struct.pack(">cQqI", b"B", 7, second, 9)) == Begin(7, at, 9)
    assert Decoder().decode(struct.pack(">cBQQq", b"C", 0, 7, 8, second)) == Commit(7, 8, at)


@given(st.integers(-(2**63), 2**63 - 1), st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))))
def test_an_insert_tells_the_row(key: int, note: str | None):
    decoder = Decoder()
    decoder.decode(relation())

    assert decoder.decode(change(b"I", b"N", values(str(key), note))) == Insert(TRIPS, {"id": key, "note": note})


def test_an_update_leaves_out_what_did_not_change(decoder: Decoder):
    assert decoder.decode(change(b"U", b"N", values("1", ...))) == Update(TRIPS, None, {"id": 1})


def test_an_update_of_the_key_tells_the_old_key_and_not_the_nulls_beside_it(decoder: Decoder):
    found = decoder.decode(change(b"U", b"K", values("1", None), b"N", values("2", "a")))

    assert found == Update(TRIPS, {"id": 1}, {"id": 2, "note": "a"})


def test_a_delete_with_full_identity_tells_the_whole_row(decoder: Decoder):
    assert decoder.decode(change(b"D", b"O", values("1", None))) == Delete(TRIPS, {"id": 1, "note": None})


def test_a_truncate_tells_its_tables(decoder: Decoder):
    assert decoder.decode(struct.pack(">cIBI", b"T", 1, 0, TRIPS.oid)) == Truncate((TRIPS,))


@pytest.mark.parametrize("kind", ["O", "Y", "M"])
def test_messages_that_change_no_row_are_passed_over(kind: str):
    assert isinstance(Decoder().decode(kind.encode() + b"whatever"), Other)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (16, "t", True),
        (17, "\\x0aff", b"\x0a\xff"),
        (21, "-5", -5),
        (701, "0.1", 0.1),
        (1700, "1.50", Decimal("1.50")),
        (1114, "2024-01-01 12:00:00.5", datetime(2024, 1, 1, 12, 0, 0, 500_000)),
        (1184, "2024-01-01 12:00:00+00", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        (1114, "infinity", "infinity"),
        (1082, "0044-03-15 BC", "0044-03-15 BC"),
        (3802, '{"a": 1}', '{"a": 1}'),
    ],
)
def test_common_types_become_values_and_others_stay_text(kind: int, text: str, value: object):
    told = Relation(1, "public.t", "d", (Column("x", kind, True),))
    decoder = Decoder()
    decoder.decode(relation(told))
    (found,) = decoder.decode(b"I" + struct.pack(">I", 1) + b"N" + values(text)).row.values()  # type: ignore[union-attr]

    assert found == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "cannot be read", id="nothing"),
        pytest.param(b"S\0\0\0\1\1", "starts no message", id="of version 2"),
        pytest.param(change(b"I", b"N", values("1", "a")) + b"!", "goes on for 1 bytes", id="too long"),
        pytest.param(change(b"I", b"N", values("1", "a"))[:-1], "cannot be read", id="too short"),
        pytest.param(change(b"I", b"N", values("1")), "1 values for 2 columns", id="another width"),
        pytest.param(change(b"I", b"X"), "where 'N' was expected", id="another part"),
        pytest.param(change(b"D", b"N", values("1", None)), "its key was expected", id="a delete without key"),
        pytest.param(change(b"I", b"N", b"\0\2b\0\0\0\0n"), "not for binary values", id="binary"),
        pytest.param(b"I" + struct.pack(">I", 5) + b"N", "before its relation", id="unknown table"),
        pytest.param(b"R\0\0\0\1public", "cannot be read", id="a name that does not end"),
    ],
)
def test_what_is_no_message_is_refused(decoder: Decoder, data: bytes, why: str):
    with pytest.raises(ValueError, match=why):
        decoder.decode(data)


@given(st.binary(max_size=60))
def test_no_bytes_make_the_decoder_fail_otherwise(data: bytes):
    decoder = Decoder()
    decoder.decode(relation())
    try:
        decoder.decode(data)
    except ValueError:
        assert True


@given(st.integers(0, 2**64 - 1))
def test_a_position_is_read_as_it_is_written(lsn: int):
    assert read_lsn(write_lsn(lsn)) == lsn
