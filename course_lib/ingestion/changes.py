"""What is a change of a table, whoever tells of it?

A change names its rows by value, not by place: `old` is what identified the row before, `row` what it is now. Changes
come in transactions, which are applied whole and in the order in which they were committed. Positions in the log (LSN)
are whole numbers that grow.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

Row = dict[str, Any]


class Change(NamedTuple):
    """One row inserted, updated or deleted, or a whole table emptied."""

    kind: str  # insert, update, delete or truncate
    table: str  # with its schema: public.trips
    old: Row | None  # the key columns before, or the whole row; None where they did not change, and for inserts
    row: Row | None  # the columns now; large ones that did not change may be missing. None for delete and truncate


class Transaction(NamedTuple):
    """Changes that became visible together."""

    xid: int  # of the transaction; 32 bits, so it comes round
    commit_lsn: int  # transactions are ordered by it
    end_lsn: int  # the log can be forgotten up to here once the transaction is applied
    committed_at: datetime
    changes: tuple[Change, ...]


class Message(NamedTuple):
    """An entry of a log that many may read: a topic's."""

    offset: int  # its place; offsets grow, and may have gaps
    key: int  # what it is about
    value: str | None  # None where it cannot be read


class Snapshot(NamedTuple):
    """Which transactions a reader of the database saw: all below `xmin`, none from `xmax` on, none of `running`."""

    xmin: int  # 64 bits: does not come round
    xmax: int
    running: frozenset[int]

    def sees(self, xid: int) -> bool:
        """Whether a committed transaction was visible; `xid` may be cut to 32 bits, as in the log.

        >>> snapshot = read_snapshot("100:104:100,102")
        >>> [xid for xid in range(98, 106) if snapshot.sees(xid)]
        [98, 99, 101, 103]
        """
        near = self.xmax + (xid - self.xmax + 2**31) % 2**32 - 2**31  # of the candidates, the one next to xmax
        return near < self.xmax and near not in self.running


def read_snapshot(text: str) -> Snapshot:
    """The snapshot that PostgreSQL writes as xmin:xmax:running.

    >>> read_snapshot("100:104:")
    Snapshot(xmin=100, xmax=104, running=frozenset())
    """
    xmin, xmax, running = text.split(":")
    return Snapshot(int(xmin), int(xmax), frozenset(int(xid) for xid in running.split(",") if xid))
