"""How is PostgreSQL's log read without losing a change, and without keeping the log for ever?

A slot is a bookmark that the server keeps: it holds back the log from there on. Changes are looked at (peek) without
moving it, applied, and only when the copy is safe is the slot advanced. Reading and advancing in one step
(pg_logical_slot_get_changes) loses what was read when the reader dies before it has applied it.

A slot that nobody advances keeps all log since: `behind` tells how much, and is worth an alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from course_lib.ingestion.cdc import transactions
from course_lib.ingestion.changes import Transaction
from course_lib.ingestion.pgoutput import Decoder, read_lsn, write_lsn

if TYPE_CHECKING:
    import psycopg

_OPTIONS = "'proto_version', '1', 'publication_names', %(publication)s"


class Followed(NamedTuple):
    """What one look at the log brought."""

    transactions: int
    changes: int
    bytes: int  # of messages


class Slot:
    """A logical replication slot with the plugin pgoutput, seen through an autocommit `connection`."""

    def __init__(self, connection: psycopg.Connection, name: str, publication: str):
        if not connection.autocommit:
            raise ValueError("a slot needs a connection of its own with autocommit=True")
        self.connection, self.name, self.publication = connection, name, publication

    def create(self) -> Slot:
        """Make the slot; it keeps what is committed from now on. Make it before the first full load."""
        self.connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [self.name])
        return self

    def peek(self, at_least: int | None = None) -> list[bytes]:
        """The messages after the bookmark, which stays; whole transactions until there are `at_least` messages."""
        query = f"SELECT data FROM pg_logical_slot_peek_binary_changes(%(name)s, NULL, %(n)s, {_OPTIONS})"  # noqa: S608
        return self._read(query, at_least)

    def get(self, at_least: int | None = None) -> list[bytes]:
        """The same, but the bookmark moves at once: what the caller then loses is lost."""
        query = f"SELECT data FROM pg_logical_slot_get_binary_changes(%(name)s, NULL, %(n)s, {_OPTIONS})"  # noqa: S608
        return self._read(query, at_least)

    def _read(self, query: str, at_least: int | None) -> list[bytes]:
        values = {"name": self.name, "n": at_least, "publication": self.publication}
        return [bytes(data) for (data,) in self.connection.execute(query, values)]

    def advance(self, lsn: int) -> None:
        """Move the bookmark forward to `lsn`; the server may forget the log before it."""
        self.connection.execute("SELECT pg_replication_slot_advance(%s, %s)", [self.name, write_lsn(lsn)])

    def confirmed(self) -> int:
        """The position up to which everything was confirmed."""
        query = "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = %s"
        return read_lsn(self.connection.execute(query, [self.name]).fetchone()[0])  # type: ignore[index]

    def behind(self) -> int:
        """Bytes of log that the server keeps for this slot."""
        query = (
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint "
            "FROM pg_replication_slots WHERE slot_name = %s"
        )
        return int(self.connection.execute(query, [self.name]).fetchone()[0])  # type: ignore[index]

    def drop(self) -> None:
        """Remove the slot: one that nobody reads fills the server's disk."""
        self.connection.execute("SELECT pg_drop_replication_slot(%s)", [self.name])

    def follow(
        self,
        apply: Callable[[list[Transaction]], object],
        table: str | None = None,
        at_least: int | None = None,
    ) -> Followed:
        """Hand the transactions after the bookmark to `apply`, then move the bookmark behind them.

        When `apply` raises, or the process dies in it, the same transactions come again: it has to pass over those that
        it applied before, as `cdc.apply_all` does.
        """
        messages = self.peek(at_least)
        decoder = Decoder()
        found = list(transactions(map(decoder.decode, messages), table))
        if found:
            apply(found)
            self.advance(found[-1].end_lsn)
        return Followed(len(found), sum(len(one.changes) for one in found), sum(map(len, messages)))
