"""Which rows are new since the last load, when some become visible late?

A row carries the time of its change, but others see it only when its transaction commits. A load that remembers "I
have everything up to 12:00" never looks back, and a row stamped 11:58 that commits at 12:01 is lost for good.

    stamped 11:58 ─────────────── committed 12:01
                         │
                    load at 12:00: sees nothing of it, and remembers 12:00

Two remedies. `incremental_load` looks back by `longest`, the longest time from stamp to commit that the source
promises, and upserts what it reads twice. Where the database itself tells which transactions are still open,
`tables.load_committed` needs no promise.

Pure: reading is a function that the caller brings. Times are whole seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

Stamped = tuple[int, int, object]  # key, updated_at in seconds, value


class Load(NamedTuple):
    """What a load left behind: the table, and what the next load has to be told."""

    table: dict[int, Stamped]
    watermark: int | None  # the latest updated_at that was seen; None before the first row
    read: int  # rows that came, those that were there already included


def incremental_load(
    read: Callable[[int | None], Iterable[Stamped]],
    table: Mapping[int, Stamped],
    watermark: int | None,
    longest: int,
) -> Load:
    """The table after one load, which loses nothing where no row takes `longest` seconds or more to become visible.

    read(since)   the visible rows with updated_at > since; all where since is None
    """
    rows = list(read(None if watermark is None else watermark - longest))
    stamps = [at for _, at, _ in rows]
    seen = max([*stamps, *([] if watermark is None else [watermark])], default=None)
    return Load({**table, **{row[0]: row for row in rows}}, seen, len(rows))
