"""How is a text file of any size read, in blocks of whole lines?

A block is UTF-8 bytes that end with a line feed; its line ends are line feeds, whatever the file's were: CRLF, LF,
the lone CR of old Macs, or a mixture. Gzip is taken off on the way (by content, not by name), a byte order mark is
dropped, and UTF-16 is decoded. Bytes that are no UTF-8 stay as they are: the lines that hold them are judged later.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from course_lib.errors import UnreadableFile

GZIP = b"\x1f\x8b"
BLOCK = 1 << 23  # bytes of text
LONGEST_LINE = 1 << 24  # bytes; no trip is that long, and a file without line ends must not fill the memory

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Broken(NamedTuple):
    """Why a stream ended before its end, and what to do about it."""

    why: str
    remedy: str


class TextBroken(Exception):
    """The bytes stop making sense half way; the caller knows how many rows came before."""

    def __init__(self, broken: Broken):
        super().__init__(broken)  # all of it, so that the error can be pickled
        self.broken = broken

    def __str__(self) -> str:
        return self.broken.why


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, without its gzip wrapper if it has one."""
    file = path.open("rb")
    if not file.peek(2).startswith(GZIP):
        return file
    file.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]  # it closes the file that it opens itself


def text_blocks(stream: IO[bytes], block: int = BLOCK) -> Iterator[bytes]:
    """The text of `stream` in blocks of whole lines, about `block` bytes each; nothing for an empty stream.

    A last line without an end gets one. Raises TextBroken where gzip data are cut short or damaged, where a line is
    longer than LONGEST_LINE, and for UTF-32.
    """
    rest, decode, first = b"", None, True
    while piece := _read(stream, block):
        if first:
            first = False
            if piece.startswith(_UTF32):
                raise TextBroken(Broken("it is UTF-32 text", "Save it as UTF-8."))
            for mark, name in _UTF16.items():
                if piece.startswith(mark):
                    decode = codecs.getincrementaldecoder(name)("backslashreplace")
                    piece = piece[len(mark) :]
            piece = piece.removeprefix(codecs.BOM_UTF8)
        if decode is not None:
            piece = decode.decode(piece).encode("utf-8", "backslashreplace")
        lines, rest = _whole_lines(rest + piece)
        if len(rest) > LONGEST_LINE:
            why = f"it has a line of more than {LONGEST_LINE >> 20} MB"
            raise TextBroken(Broken(why, "It is no table of trips, or it is damaged: fetch it again."))
        if lines:
            yield lines
    if decode is not None:
        rest += decode.decode(b"", final=True).encode("utf-8", "backslashreplace")
    if rest:
        yield _whole_lines(rest + b"\n")[0]


def first_line(block: bytes) -> tuple[bytes, bytes]:
    """The first line of a block that is not blank, without its end, and the block after it."""
    start = 0
    while start < len(block):
        end = block.index(b"\n", start)
        if block[start:end].strip():
            return block[start:end], block[end + 1 :]
        start = end + 1
    return b"", b""


def unreadable(path: str | Path, error: OSError | TextBroken, rows: int | None = None) -> UnreadableFile:
    """The error for a person that `error`, met in the file `path` after `rows` rows, stands for."""
    after = "" if rows is None else f" ({rows:,} rows could be read before)"
    if isinstance(error, TextBroken):
        return UnreadableFile(path, error.broken.why + after, error.broken.remedy)
    why = (error.strerror or str(error) or type(error).__name__).lower()
    remedy = "Check its name and that you may read it."
    if isinstance(error, FileNotFoundError):
        why, remedy = "there is no such file or folder", "Check the spelling of --input."
    elif isinstance(error, PermissionError):
        why, remedy = "it may not be read by you", "Ask its owner, or `chmod +r` it."
    return UnreadableFile(path, why + after, remedy)


def _whole_lines(text: bytes) -> tuple[bytes, bytes]:
    """All whole lines with line feeds for line ends, and the rest.

    Where a block ends inside a CRLF, the second half becomes a blank line at the start of the next, and is no record.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    cut = text.rfind(b"\n") + 1
    return text[:cut], text[cut:]


def _read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except EOFError:
        why = "its gzip data end too early"
    except (gzip.BadGzipFile, zlib.error) as error:
        why = f"its gzip data are damaged ({error})"
    raise TextBroken(Broken(why, "Fetch or copy it again."))
