"""What kind of file is this, and which header does it have?

Decided by the first bytes, never by the name: Parquet, gzip and the archives have their magic numbers, anything else
is read as text, and text is trips when a registered header explains its first line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.errors import NoTrips, UnreadableFile
from course_lib.ingestion.lines import TextHeader
from course_lib.ingestion.names import is_text
from course_lib.ingestion.text_blocks import GZIP, TextBroken, first_line, open_bytes, text_blocks, unreadable
from course_lib.trips.headers import HeaderVersion, explains, match, overlap

DELIMITERS = (",", ";", "\t", "|")

_HEAD = 1 << 20  # bytes of text looked at
_PARQUET = b"PAR1"
_WRAPPED = {
    b"PK\x03\x04": ("a zip archive", "Unzip it and give the file inside."),
    b"BZh": ("compressed with bzip2", "Run `bunzip2` on it."),
    b"\xfd7zXZ\x00": ("compressed with xz", "Run `unxz` on it."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Run `unzstd` on it."),
    b"7z\xbc\xaf\x27\x1c": ("a 7-zip archive", "Unpack it and give the file inside."),
    b"PARE": ("an encrypted Parquet file", "Decrypt it first."),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "Save it as CSV."),
    b"ORC": ("an ORC file", "Convert it to Parquet."),
    b"Obj\x01": ("an Avro file", "Convert it to Parquet."),
    b"SQLite format 3\x00": ("a SQLite database", "Export its trips as CSV or Parquet."),
    b"%PDF": ("a PDF document", "Give a CSV or Parquet file of trips."),
    b"ARROW1": ("an Arrow file", "Convert it to Parquet."),
    b"\x7fELF": ("a program", "Give a CSV or Parquet file of trips."),
}
_AGAIN = "Fetch or copy it again; a file that stays like this can be left out with --skip-unreadable."


class Sniffed(NamedTuple):
    """What the first bytes (and of Parquet the footer) say."""

    format: str  # csv or parquet
    compression: str | None  # gzip or None
    header: HeaderVersion
    rows: int | None  # known for Parquet


def sniff(path: Path, given: str, service: str | None) -> Sniffed:
    """What `path` is; `given` is its name in errors, `service` what that name says of the service.

    Raises UnreadableFile, SchemaDrift or NoTrips.
    """
    try:
        if not path.is_file() and path.exists():
            raise UnreadableFile(given, "it is a device or a pipe, not a file", "Save its content to a file first.")
        with path.open("rb") as file:
            magic = file.read(16)
        if magic.startswith(_PARQUET):
            return _sniff_parquet(path, given, service)
        _refuse_wrapped(magic, given)
        if not magic:
            raise NoTrips(given, "the file is empty", "Fetch or copy it again, or leave it out.")
        with open_bytes(path) as stream:
            header, _ = text_header(stream, given, _HEAD)
    except (OSError, TextBroken) as error:
        raise unreadable(given, error) from error
    version = match(given, header.names, service)
    return Sniffed("csv", "gzip" if magic.startswith(GZIP) else None, version, None)


def text_header(stream: IO[bytes], given: str, block: int) -> tuple[TextHeader, Iterator[bytes]]:
    """The header of a text and the blocks of lines after it.

    Raises UnreadableFile for what is no text, NoTrips for blank text, TextBroken and OSError from the stream.
    """
    blocks = text_blocks(stream, block)
    for start in blocks:
        line, rest = first_line(start)
        if line:
            _refuse_wrapped(line[:16], given, "inside its gzip wrapper ")
            return parse_header(line, given), _chain(rest, blocks)
    raise NoTrips(given, "the file is blank", "Fetch or copy it again, or leave it out.")


def parse_header(line: bytes, given: str) -> TextHeader:
    """The names in a header line, split at the delimiter under which the registry knows them best."""
    text = line.decode("utf-8", "backslashreplace")
    readings = [TextHeader(line, split_names(text, mark), mark) for mark in DELIMITERS]
    for reading in readings:
        if explains(reading.names):
            return reading
    best = max(readings, key=lambda reading: (overlap(reading.names), len(reading.names)))
    if re.search(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]|\\x[89a-f]", text) and overlap(best.names) < 2:
        utf16 = b"\x00" in line[:2]
        remedy = "It looks like UTF-16 without a byte order mark: save it as UTF-8." if utf16 else _AGAIN
        raise UnreadableFile(given, "it is neither Parquet nor text, but binary data", remedy)
    return best


def split_names(text: str, delimiter: str) -> tuple[str, ...]:
    """The names of a header line; a quoted name may hold the delimiter, and empty names at the end are none.

    >>> split_names('"a", b ,"c,d",,', ",")
    ('a', 'b', 'c,d')
    """
    mark = re.escape(delimiter)
    fields = re.findall(rf'(?:^|{mark})( *"[^"]*" *(?={mark}|$)|[^{mark}]*)', text)
    names = [field.strip().strip('"').strip() for field in fields]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return tuple(names)


def open_parquet(path: Path, given: str, dictionaries: list[str] | None = None) -> pq.ParquetFile:
    """A Parquet file whose footer could be read; columns named in `dictionaries` come dictionary-encoded.

    Raises UnreadableFile, and OSError where the file cannot be opened.
    """
    with path.open("rb") as file:  # an OSError here is the system's, below it is Parquet's
        size = file.seek(0, 2)
        file.seek(max(0, size - 4))
        whole = file.read(4) in (_PARQUET, b"PARE")
    if not whole or size < 12:
        raise UnreadableFile(given, "its Parquet footer is missing: the file was cut short", _AGAIN)
    try:
        file = pq.ParquetFile(
            path if is_text(path) else pa.OSFile(os.fsencode(path)),
            read_dictionary=dictionaries,
            buffer_size=1 << 20,  # stream the pages: a row group may be larger than the memory
            pre_buffer=False,
            page_checksum_verification=True,
            coerce_int96_timestamp_unit="us",  # nanoseconds would wrap round before 1678 and after 2262
        )
        file.schema_arrow  # noqa: B018  # converting the schema may fail too
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(given, f"its Parquet footer is damaged ({brief(error)})", _AGAIN) from error
    return file


def brief(error: BaseException) -> str:
    """The first line of a library's message, short enough for a sentence."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]


def _sniff_parquet(path: Path, given: str, service: str | None) -> Sniffed:
    with open_parquet(path, given) as file:
        return Sniffed("parquet", None, match(given, file.schema_arrow.names, service), file.metadata.num_rows)


def _refuse_wrapped(magic: bytes, given: str, where: str = "") -> None:
    for start, (what, remedy) in _WRAPPED.items():
        if magic.startswith(start):
            raise UnreadableFile(given, f"{where}it is {what}".strip(), remedy)
    if where and magic.startswith((_PARQUET, GZIP)):
        raise UnreadableFile(given, f"{where}there is another binary file", "Run `gunzip` on it first.")


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
