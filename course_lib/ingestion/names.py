r"""How is the name of a file told as text?

Names of files are bytes; tables, run.json, events and the report hold text. A name that is UTF-8 is told as it is. A
byte that is not is told as `\x` and two digits. So that no two names are told alike, backslashes that stand before what
looks like such a byte, or before one, are doubled: the bytes of the name can be had back from the text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_STRAY = re.compile(r"[\ud800-\udfff]")
_TOLD = re.compile(r"(\\*)(?:([\udc80-\udcff])|(?=x[89a-f][0-9a-f]))")
_ESCAPED = re.compile(r"(\\+)x([89a-f][0-9a-f])")


def as_text(name: str | Path) -> str:
    r"""The name as valid Unicode, the same in every locale.

    >>> as_text(os.fsdecode("grün.csv".encode()))
    'grün.csv'
    >>> print(as_text(os.fsdecode(b"trips_\xff.csv")), as_text(r"trips_\xff.csv"))
    trips_\xff.csv trips_\\xff.csv
    """
    text = os.fsencode(name).decode("utf-8", "surrogateescape")
    return _TOLD.sub(lambda found: 2 * found[1] + (f"\\x{ord(found[2]) - 0xDC00:x}" if found[2] else ""), text)


def is_text(path: Path) -> bool:
    """Whether every byte of the path can be told as text; libraries that take text only cannot open it otherwise."""
    return not _STRAY.search(str(path))


def as_name(text: str) -> bytes:
    r"""The name that is told as `text`.

    >>> as_name(r"trips_\xff.csv"), as_name(r"trips_\\xff.csv")
    (b'trips_\xff.csv', b'trips_\\xff.csv')
    """

    def name(found: re.Match[str]) -> str:
        slashes, odd = divmod(len(found[1]), 2)
        return "\\" * slashes + (chr(0xDC00 + int(found[2], 16)) if odd else f"x{found[2]}")

    return _ESCAPED.sub(name, text).encode("utf-8", "surrogateescape")
