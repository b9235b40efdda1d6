"""How does a PostgreSQL table come over, whole or only what changed?

    full_load        everything, in one snapshot                              finds deletes, moves everything each time
    load_since       rows with updated_at after a moment                      needs a promise about late commits
    load_committed   rows of transactions that the last load could not see    needs a column with the transaction's id
    upsert_into      the way back: an idempotent sink in SQL

Rows cross as COPY's CSV and become Arrow tables of the schema asked for. Every load says how many bytes crossed, and in
which snapshot it read: what a log has to bring after it (cdc.Copy.has), and what the next load has to look for.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv

from course_lib.ingestion.changes import Snapshot, read_snapshot

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

# Stamps a row with the time and the transaction of its last change; `stamp_changes` puts it on a table.
_STAMP = """
CREATE OR REPLACE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_by := pg_current_xact_id();
    RETURN NEW;
END $$
"""


class Loaded(NamedTuple):
    """The rows that came, the bytes they took on the wire, and the snapshot they were read in."""

    rows: pa.Table
    bytes: int
    snapshot: Snapshot


def full_load(connection: psycopg.Connection, table: str, schema: pa.Schema) -> Loaded:
    """All rows of `table`, the columns of `schema`."""
    return _load(connection, table, schema, None)


def load_since(
    connection: psycopg.Connection, table: str, schema: pa.Schema, column: str, since: datetime | None
) -> Loaded:
    """The rows whose `column` is after `since`; all where it is None."""
    from psycopg import sql

    if since is None:
        return _load(connection, table, schema, None)
    return _load(connection, table, schema, sql.SQL("{} > {}").format(sql.Identifier(column), sql.Literal(since)))


def load_committed(connection: psycopg.Connection, table: str, schema: pa.Schema, before: Snapshot | None) -> Loaded:
    """The rows of transactions that the snapshot `before` may not have seen; all where it is None.

    A transaction that was open when `before` was taken has an id of at least its xmin, so nothing that commits late is
    missed, however late. Rows of others that had committed by then come again: upsert them. The table needs a column
    `changed_by` (see `stamp_changes`).
    """
    from psycopg import sql

    if before is None:
        return _load(connection, table, schema, None)
    return _load(connection, table, schema, sql.SQL("changed_by >= {}::xid8").format(sql.Literal(str(before.xmin))))


def stamp_changes(connection: psycopg.Connection, table: str) -> None:
    """Give `table` the column `changed_by`, kept by a trigger: the id (64 bits) of the transaction that wrote a row."""
    from psycopg import sql

    name = _name(table)
    connection.execute(
        sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS changed_by xid8 DEFAULT pg_current_xact_id()").format(name)
    )
    connection.execute(_STAMP)
    connection.execute(
        sql.SQL(
            "CREATE OR REPLACE TRIGGER stamp_change BEFORE INSERT OR UPDATE ON {} "
            "FOR EACH ROW EXECUTE FUNCTION stamp_change()"
        ).format(name)
    )
    connection.execute(sql.SQL("CREATE INDEX ON {} (changed_by)").format(name))


def upsert_into(
    connection: psycopg.Connection, table: str, rows: pa.Table, key: str, version: str | None = None
) -> int:
    """Write `rows` into `table`; those with a known key replace it, if they are newer by `version`. The rows written.

    Of rows with one key in `rows`, the newest counts (the last where there is no version). Twice is once.
    """
    from psycopg import sql

    from course_lib.ingestion.upsert import upsert

    rows = upsert(rows.slice(0, 0), rows, key, version)
    columns = [sql.Identifier(name) for name in rows.schema.names]
    others = [name for name in rows.schema.names if name != key]
    change = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others)
    newer: sql.Composable = sql.SQL("")
    if version is not None:
        old = sql.Identifier(*table.split("."), version)
        newer = sql.SQL(" WHERE {0} IS NULL OR {0} < excluded.{1}").format(old, sql.Identifier(version))
    with connection.transaction():
        connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE _coming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                sql.SQL(", ").join(columns), _name(table)
            )
        )
        with connection.cursor() as cursor, cursor.copy("COPY _coming FROM STDIN (FORMAT csv)") as copy:
            written = io.BytesIO()
            pacsv.write_csv(rows, written, pacsv.WriteOptions(include_header=False))
            copy.write(written.getvalue())
        done = connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT * FROM _coming ON CONFLICT ({}) DO ").format(
                _name(table), sql.SQL(", ").join(columns), sql.Identifier(key)
            )
            + (sql.SQL("UPDATE SET ") + change + newer if others else sql.SQL("NOTHING"))
        )
        return done.rowcount


def _load(connection: psycopg.Connection, table: str, schema: pa.Schema, condition: sql.Composable | None) -> Loaded:
    from psycopg import IsolationLevel, sql

    query = sql.SQL("COPY (SELECT {} FROM {}{}) TO STDOUT (FORMAT csv)").format(
        sql.SQL(", ").join(map(sql.Identifier, schema.names)),
        _name(table),
        sql.SQL("") if condition is None else sql.SQL(" WHERE ") + condition,
    )
    if connection.info.transaction_status != 0:
        raise ValueError("a load takes its own snapshot: end the connection's transaction before")
    level, connection.isolation_level = connection.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            seen = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                text = b"".join(bytes(block) for block in copy)
    finally:
        connection.isolation_level = level
    assert seen is not None  # a query without FROM has one row
    return Loaded(_read_csv(text, schema), len(text), read_snapshot(seen[0]))


def _read_csv(text: bytes, schema: pa.Schema) -> pa.Table:
    if not text:
        return schema.empty_table()
    return pacsv.read_csv(
        io.BytesIO(text),
        pacsv.ReadOptions(column_names=schema.names),
        pacsv.ParseOptions(newlines_in_values=True),
        pacsv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # COPY writes null as nothing, and an empty text as ""
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _name(table: str) -> sql.Identifier:
    from psycopg import sql

    return sql.Identifier(*table.split("."))
