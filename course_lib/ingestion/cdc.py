"""How does a copy of a table follow its log?

Messages become transactions, and transactions are applied to a copy: a dictionary from key to row. Applying is
idempotent by position: a transaction at or before `lsn`, the position that the copy has reached, is passed over. So it
does no harm that a log is delivered twice, and within a batch the order of delivery does not matter.

Pure. replication_slot.py talks to the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.ingestion import pgoutput
from course_lib.ingestion.changes import Change, Row, Snapshot, Transaction

Key = tuple[Any, ...]


@dataclass
class Copy:
    """A table's rows by key, and the position in the log that they have reached."""

    key: tuple[str, ...]  # names of the key columns
    rows: dict[Key, Row] = field(default_factory=dict)
    lsn: int = 0
    has: Snapshot | None = None  # what the copy was first loaded with: its transactions come in the log once more


def apply_all(copy: Copy, transactions: Iterable[Transaction]) -> int:
    """Bring `copy` forward by a batch of transactions, in the order of their commits; how many were applied.

    Raises ValueError for a change that cannot belong to this copy; what was applied before it stays.
    """
    applied = 0
    for transaction in sorted(transactions, key=lambda one: one.commit_lsn):
        if transaction.commit_lsn <= copy.lsn:
            continue
        if copy.has is None or not copy.has.sees(transaction.xid):
            rows = dict(copy.rows)  # a transaction is applied whole or not at all
            for change in transaction.changes:
                apply_change(rows, change, copy.key)
            copy.rows = rows
            applied += 1
        copy.lsn = transaction.commit_lsn
    return applied


def apply_change(rows: dict[Key, Row], change: Change, key: Sequence[str]) -> None:
    """Change `rows` in place."""
    match change:
        case Change("insert", row=row) if row is not None:
            rows[_key(row, key)] = row
        case Change("update", old=old, row=row) if row is not None:
            before = _pop(rows, _key(row if old is None else old, key), change)
            now = {**before, **row}  # large values that did not change are not in `row`
            rows[_key(now, key)] = now
        case Change("delete", old=old) if old is not None:
            _pop(rows, _key(old, key), change)
        case Change("truncate"):
            rows.clear()
        case _:
            raise ValueError(f"{change.kind!r} of {change.table} with old {change.old} and row {change.row}")


def transactions(messages: Iterable[pgoutput.Message], table: str | None = None) -> Iterator[Transaction]:
    """The transactions that whole messages tell; only the changes of `table` (such as public.trips) where it is given.

    A transaction whose Commit has not come is not handed out.
    """
    begin: pgoutput.Begin | None = None
    changes: list[Change] = []
    for message in messages:
        if isinstance(message, pgoutput.Begin):
            begin, changes = message, []
        elif isinstance(message, pgoutput.Commit) and begin is not None:
            yield Transaction(begin.xid, begin.commit_lsn, message.end_lsn, message.committed_at, tuple(changes))
            begin = None
        else:
            changes += [change for change in _changes(message) if table in (None, change.table)]


def _changes(message: pgoutput.Message) -> list[Change]:
    match message:
        case pgoutput.Insert(relation, row):
            return [Change("insert", relation.name, None, row)]
        case pgoutput.Update(relation, old, row):
            return [Change("update", relation.name, old, row)]
        case pgoutput.Delete(relation, old):
            return [Change("delete", relation.name, old, None)]
        case pgoutput.Truncate(relations):
            return [Change("truncate", relation.name, None, None) for relation in relations]
    return []


def _key(row: Row, key: Sequence[str]) -> Key:
    return tuple(row[name] for name in key)


def _pop(rows: dict[Key, Row], key: Key, change: Change) -> Row:
    if key not in rows:
        raise ValueError(
            f"{change.kind} of row {key} of {change.table}, which the copy does not have: "
            "load it anew together with the snapshot it was read in"
        )
    return rows.pop(key)
