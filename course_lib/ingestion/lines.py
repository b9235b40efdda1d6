"""Which lines of a block of text are records that can be parsed?

Every line that is not blank is a record. The TLC never published a line break inside quotes, so a line is judged
alone: an opening quote without its end, a line cut in half or a byte that is no text costs its own record only.
A record may have more fields than the header has names if the surplus is empty (35 months of green and yellow do).

Lines are judged many at once, by counting; the few that look odd are read one by one (`split`). What comes out is a
text in which every record is one line of one width, so that a fast parser can take it: a record that
cannot be parsed stands there as an empty one and is marked.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

_QUOTE, _LINE_FEED = ord('"'), ord("\n")
_SURPLUS = 16  # empty fields at the end that are parsed along; where there are more, they are cut off first


class TextHeader(NamedTuple):
    """The first line of a text of trips."""

    line: bytes  # without its end
    names: tuple[str, ...]  # as published, without quotes and outer spaces
    delimiter: str


class Records(NamedTuple):
    """The records of a block: n lines of `width` fields each."""

    text: bytes  # what to parse: n lines
    width: int  # fields in every line of `text`
    quoted: bool  # whether quotes in `text` have their meaning
    unparseable: np.ndarray  # bool, n
    block: bytes  # the block as it was read
    starts: np.ndarray  # int64, n: where each record begins in `block`
    ends: np.ndarray  # int64, n: where it ends, without the line feed

    def raw(self, rows: np.ndarray) -> list[str]:
        """The published text of some records; NULs and bytes that are no UTF-8 are escaped."""
        lines = (self.block[self.starts[row] : self.ends[row]] for row in rows.tolist())
        return [line.decode("utf-8", "backslashreplace").replace("\x00", "\\x00") for line in lines]


def records(block: bytes, header: TextHeader) -> Records:
    """The records of `block` (whole lines) under a header."""
    names = len(header.names)
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == _LINE_FEED)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    marks = np.flatnonzero(text == ord(header.delimiter))
    first, fields = _per_line(marks, starts, ends)
    fields += 1
    odd = fields == 1  # blank, or not a record of this table: two columns are the least
    quotes = np.flatnonzero(text == _QUOTE) if b'"' in block else np.zeros(0, np.int64)
    if len(quotes):
        inside, misquoted = _quoting(text, quotes, starts, ends, marks, first, ord(header.delimiter))
        fields -= inside
        odd |= misquoted
    odd |= _holds(block, text, starts, b"\x00")
    if not block.isascii():
        odd |= _no_utf8(block, text, starts, ends)
    if header.line in block:
        odd |= ends - starts == len(header.line)
    width = names
    if len(fields) and (fields > names).any():
        wide = fields[~odd & (fields >= names) & (fields <= names + _SURPLUS)]
        width = int(np.bincount(wide).argmax()) if len(wide) else names
    odd |= fields != width
    odd &= ends > starts  # empty lines are skipped by the parser, too
    return _mended(block, starts, ends, np.flatnonzero(odd), width, header, bool(len(quotes)))


def split(line: str, delimiter: str) -> list[str] | None:
    """The fields of one line, unquoted, or None where a quote stands astray or has no end.

    >>> split('1,"a ""b"", c", 2', ",")
    ['1', 'a "b", c', ' 2']
    >>> split('1,"a,2', ","), split('1,a"b,2', ",")
    (None, None)
    """
    mark = re.escape(delimiter)
    fields, at = [], 0
    field = re.compile(rf' *"((?:[^"]|"")*)" *(?={mark}|$)|([^"{mark}]*)(?={mark}|$)')
    while found := field.match(line, at):
        fields.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        at = found.end() + 1
        if at > len(line):
            return fields
    return None


def _mended(
    block: bytes, starts: np.ndarray, ends: np.ndarray, odd: np.ndarray, width: int, header: TextHeader, quoted: bool
) -> Records:
    """The records with every line in `odd` replaced by one that parses, or left out where it is blank."""
    kept = ends > starts
    unparseable = np.zeros(len(starts), bool)
    pieces, at = [], 0
    for row in odd.tolist():
        line = block[starts[row] : ends[row]]
        pieces.append(block[at : starts[row]])
        at = int(ends[row])
        if not line.strip():
            kept[row] = False
            continue
        fields = None if line.strip() == header.line.strip() else _fields(line, header)
        unparseable[row] = fields is None
        fields = (fields or []) + [""] * width  # a surplus that is parsed along, or a whole record of nothing
        again = header.delimiter.join(_quote(field, header.delimiter) for field in fields[:width])
        quoted |= '"' in again
        pieces.append(again.encode())
    pieces.append(block[at:])
    text = b"".join(pieces) if len(odd) else block
    return Records(text, width, quoted, unparseable[kept], block, starts[kept], ends[kept])


def _fields(line: bytes, header: TextHeader) -> list[str] | None:
    """The fields of a line under a header, or None where it has fewer, or more that say something, or is no text."""
    if b"\x00" in line:
        return None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    names = len(header.names)
    fields = split(text, header.delimiter) if '"' in text else text.split(header.delimiter)
    if fields is None or len(fields) < names or any(field.strip() for field in fields[names:]):
        return None
    return fields[:names]


def _quote(field: str, delimiter: str) -> str:
    return '"' + field.replace('"', '""') + '"' if '"' in field or delimiter in field else field


def _quoting(
    text: np.ndarray,
    quotes: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    marks: np.ndarray,
    first: np.ndarray,
    delimiter: int,
) -> tuple[np.ndarray, np.ndarray]:
    """How many delimiters of each line stand inside quotes, and which lines quote otherwise than whole fields."""
    opening = np.searchsorted(quotes, starts)  # the first quote of each line
    count = np.searchsorted(quotes, ends) - opening
    line = np.repeat(np.arange(len(starts)), count)
    opens = (np.arange(len(quotes)) - opening[line]) % 2 == 0
    before = np.where(quotes > 0, text[quotes - 1], _LINE_FEED)
    after = text[quotes + 1]  # a block ends with a line feed
    neighbour = np.where(opens, before, after)
    astray = (neighbour != delimiter) & (neighbour != _LINE_FEED)
    misquoted = count % 2 == 1
    misquoted[line[astray]] = True
    of_line = np.repeat(np.arange(len(starts)), np.diff(np.append(first, len(marks))))
    within = (np.searchsorted(quotes, marks) - opening[of_line]) % 2 == 1
    return np.bincount(of_line[within], minlength=len(starts)), misquoted


def _per_line(marks: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The index of the first of `marks` in each line, and how many marks the line has."""
    each = len(marks) // max(1, len(starts))
    if each and each * len(starts) == len(marks):  # perhaps all lines have the same number: then no search is needed
        table = marks.reshape(len(starts), each)
        if (table[:, 0] >= starts).all() and (table[:, -1] < ends).all():
            return np.arange(len(starts)) * each, np.full(len(starts), each)
    first = np.searchsorted(marks, starts)
    return first, np.searchsorted(marks, ends) - first


def _holds(block: bytes, text: np.ndarray, starts: np.ndarray, byte: bytes) -> np.ndarray:
    """Which lines hold `byte`."""
    found = np.zeros(len(starts), bool)
    if byte in block:
        found[np.searchsorted(starts, np.flatnonzero(text == byte[0]), side="right") - 1] = True
    return found


def _no_utf8(block: bytes, text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which lines are not UTF-8."""
    found = np.zeros(len(starts), bool)
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        rows = np.unique(np.searchsorted(starts, np.flatnonzero(text >= 0x80), side="right") - 1)
        for row in rows.tolist():
            try:
                block[starts[row] : ends[row]].decode("utf-8")
            except UnicodeDecodeError:
                found[row] = True
    return found
