"""What does a message of PostgreSQL's logical replication say?

`pgoutput` is the plugin that writes them, in the server since version 10; this file reads version 1 of its format.
Source: PostgreSQL documentation, "Logical Replication Message Formats". A message is one letter and its fields, in
network byte order; a row is a list of values, each null, unchanged (a large value that was not touched is not sent),
or text. Names and types of columns come in a Relation message before the first row of their table.

Pure: bytes in, messages out. The decoder remembers relations, so it is fed one session's messages in their order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from course_lib.ingestion.changes import Row

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_KEY = 1  # flag of a column

# Text of the common types to values, by object id; all others stay text. Numbers that are not finite stay text too
# where Python's type has no word for them.
_READ: dict[int, Callable[[str], Any]] = {
    16: lambda text: text == "t",  # bool
    17: lambda text: bytes.fromhex(text.removeprefix("\\x")),  # bytea
    20: int,
    21: int,
    23: int,
    26: int,
    700: float,
    701: float,
    1700: Decimal,
    1082: lambda text: _or_text(date.fromisoformat, text),
    1114: lambda text: _or_text(datetime.fromisoformat, text),
    1184: lambda text: _or_text(datetime.fromisoformat, text),
    5069: int,  # xid8
}


class Column(NamedTuple):
    """A column as replicated."""

    name: str
    type: int  # object id
    key: bool  # part of the replica identity; with REPLICA IDENTITY FULL every column is


class Relation(NamedTuple):
    """A table as replicated."""

    oid: int
    name: str  # with its schema
    identity: str  # d default, n nothing, f full, i index
    columns: tuple[Column, ...]


class Begin(NamedTuple):
    """A transaction starts; `commit_lsn` is where it was committed."""

    commit_lsn: int
    committed_at: datetime
    xid: int


class Commit(NamedTuple):
    """A transaction ends; after it the log may be forgotten up to `end_lsn`."""

    commit_lsn: int
    end_lsn: int
    committed_at: datetime


class Insert(NamedTuple):
    """A new row."""

    relation: Relation
    row: Row


class Update(NamedTuple):
    """A changed row; `old` holds its old key where that changed, the whole old row with REPLICA IDENTITY FULL."""

    relation: Relation
    old: Row | None
    row: Row  # without large columns that did not change


class Delete(NamedTuple):
    """A row that is gone: its key, or all of it with REPLICA IDENTITY FULL."""

    relation: Relation
    old: Row


class Truncate(NamedTuple):
    """Tables that were emptied."""

    relations: tuple[Relation, ...]


class Other(NamedTuple):
    """A message that changes no row: an origin, a type, or a note that an application left in the log."""

    kind: str


Message = Relation | Begin | Commit | Insert | Update | Delete | Truncate | Other


@dataclass
class Decoder:
    """Messages of one session, one after the other."""

    relations: dict[int, Relation] = field(default_factory=dict)

    def decode(self, data: bytes) -> Message:
        """The message that `data` holds.

        Raises ValueError for bytes that are no message of version 1, end too early or go on too long.
        """
        fields = _Fields(data)
        try:
            message = self._decode(chr(fields.number("B")), fields)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ValueError(f"a replication message of {len(data)} bytes cannot be read: {error}") from error
        fields.end()
        return message

    def _decode(self, kind: str, fields: _Fields) -> Message:
        match kind:
            case "B":
                return Begin(fields.number("Q"), fields.time(), fields.number("I"))
            case "C":
                fields.number("B")
                return Commit(fields.number("Q"), fields.number("Q"), fields.time())
            case "R":
                relation = _relation(fields)
                self.relations[relation.oid] = relation
                return relation
            case "I":
                relation = self._known(fields)
                fields.expect("N")
                return Insert(relation, fields.row(relation))
            case "U":
                relation = self._known(fields)
                old, what = None, fields.letter()
                if what in "KO":
                    old, what = fields.old(relation, what), fields.letter()
                if what != "N":
                    raise ValueError(f"an update has a part {what!r} where its new row was expected")
                return Update(relation, old, fields.row(relation))
            case "D":
                relation = self._known(fields)
                what = fields.letter()
                if what not in "KO":
                    raise ValueError(f"a delete has a part {what!r} where its key was expected")
                return Delete(relation, fields.old(relation, what))
            case "T":
                count, _ = fields.number("I"), fields.number("B")
                return Truncate(tuple(self._known(fields) for _ in range(count)))
            case "O" | "Y" | "M":
                fields.skip()
                return Other({"O": "origin", "Y": "type", "M": "message"}[kind])
        raise ValueError(f"{kind!r} starts no message of version 1 of pgoutput: ask for proto_version '1'")

    def _known(self, fields: _Fields) -> Relation:
        oid = fields.number("I")
        if oid not in self.relations:
            raise ValueError(f"a row of table {oid} came before its relation: decode a session from its start")
        return self.relations[oid]


class _Fields:
    """The bytes of a message, read from left to right."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(f">{form}", self.data, self.at)
        self.at += struct.calcsize(f">{form}")
        return int(value)

    def time(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.number("q"))

    def letter(self) -> str:
        return chr(self.number("B"))

    def expect(self, letter: str) -> None:
        found = self.letter()
        if found != letter:
            raise ValueError(f"a message has a part {found!r} where {letter!r} was expected")

    def text(self) -> str:
        end = self.data.index(b"\0", self.at) if b"\0" in self.data[self.at :] else -1
        if end < 0:
            raise IndexError("a name does not end")
        found, self.at = self.data[self.at : end].decode(), end + 1
        return found

    def row(self, relation: Relation) -> Row:
        """The values by name; those that are unchanged are left out."""
        count = self.number("H")
        if count != len(relation.columns):
            raise ValueError(f"a row of {relation.name} has {count} values for {len(relation.columns)} columns")
        found: Row = {}
        for column in relation.columns:
            match self.letter():
                case "n":
                    found[column.name] = None
                case "u":
                    pass
                case "t":
                    size = self.number("I")
                    if self.at + size > len(self.data):
                        raise IndexError("a value does not end")
                    text = self.data[self.at : self.at + size].decode()
                    self.at += size
                    found[column.name] = _READ.get(column.type, str)(text)
                case kind:
                    raise ValueError(f"a value of kind {kind!r}: ask for text, not for binary values")
        return found

    def old(self, relation: Relation, what: str) -> Row:
        """The key columns ("K": all others are sent as nulls that mean nothing), or the whole row ("O")."""
        row = self.row(relation)
        keys = {column.name for column in relation.columns if column.key or what == "O"}
        return {name: value for name, value in row.items() if name in keys}

    def skip(self) -> None:
        self.at = len(self.data)

    def end(self) -> None:
        if self.at != len(self.data):
            raise ValueError(f"a replication message goes on for {len(self.data) - self.at} bytes after its end")


def _relation(fields: _Fields) -> Relation:
    oid, schema, name = fields.number("I"), fields.text(), fields.text()
    identity, count = fields.letter(), fields.number("H")
    columns = []
    for _ in range(count):
        flags, column, kind = fields.number("B"), fields.text(), fields.number("I")
        fields.number("i")  # the type's modifier: a length or a precision
        columns.append(Column(column, kind, bool(flags & _KEY)))
    return Relation(oid, f"{schema or 'pg_catalog'}.{name}", identity, tuple(columns))


def _or_text(read: Callable[[str], Any], text: str) -> Any:
    """The value, or the text where Python has no such value: infinity, years before 1."""
    try:
        return read(text)
    except ValueError:
        return text


def read_lsn(text: str) -> int:
    """A position in the log, as PostgreSQL writes it.

    >>> read_lsn("16/B374D848")
    97500059720
    """
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def write_lsn(lsn: int) -> str:
    """The text of a position in the log.

    >>> write_lsn(97500059720)
    '16/B374D848'
    """
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
