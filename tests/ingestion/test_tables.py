"""Does a table come over whole, and does only what changed come over later?"""

from datetime import datetime

import psycopg
import pyarrow as pa
import pytest

from course_lib.ingestion.local_postgres import LocalPostgres
from course_lib.ingestion.tables import full_load, load_committed, load_since, stamp_changes, upsert_into

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("at", pa.timestamp("us")), ("good", pa.bool_())])
NOON = datetime(2024, 1, 1, 12)


@pytest.fixture
def table(connection: psycopg.Connection) -> psycopg.Connection:
    connection.execute("CREATE TABLE trips (id bigint PRIMARY KEY, name text, at timestamp, good bool)")
    stamp_changes(connection, "trips")
    return connection


def ids(loaded: pa.Table) -> list[int]:
    return sorted(loaded["id"].to_pylist())


def test_every_value_comes_over_as_it_is(table: psycopg.Connection):
    rows = [
        (1, "plain", NOON, True),
        (2, "", None, False),
        (3, None, datetime(2024, 1, 1, 12, 0, 0, 123456), None),
        (4, 'a "quoted", text\nof two lines; ünïcode', NOON, True),
        (5, "\\N", NOON, True),
        (-(2**63), "NULL", NOON, False),
    ]
    table.cursor().executemany("INSERT INTO trips VALUES (%s, %s, %s, %s)", rows)

    assert sorted(tuple(row.values()) for row in full_load(table, "trips", SCHEMA).rows.to_pylist()) == sorted(rows)


def test_an_empty_table_comes_over_with_its_columns(table: psycopg.Connection):
    loaded = full_load(table, "public.trips", SCHEMA)

    assert (loaded.rows.num_rows, loaded.rows.schema, loaded.bytes) == (0, SCHEMA, 0)


def test_only_rows_after_the_watermark_come(table: psycopg.Connection):
    table.execute("INSERT INTO trips VALUES (1, 'old', %s), (2, 'new', %s)", [NOON, datetime(2024, 1, 1, 12, 1)])

    assert ids(load_since(table, "trips", SCHEMA, "at", NOON).rows) == [2]
    assert ids(load_since(table, "trips", SCHEMA, "at", None).rows) == [1, 2]


def test_a_row_that_commits_after_the_next_load_is_not_lost(postgres: LocalPostgres, table: psycopg.Connection):
    with postgres.connect() as slow:
        slow.execute("INSERT INTO trips VALUES (1)")
        table.execute("INSERT INTO trips VALUES (2)")
        first = load_committed(table, "trips", SCHEMA, None)
        table.execute("INSERT INTO trips VALUES (3)")
        second = load_committed(table, "trips", SCHEMA, first.snapshot)
        slow.commit()
        third = load_committed(table, "trips", SCHEMA, second.snapshot)
        fourth = load_committed(table, "trips", SCHEMA, third.snapshot)

    assert ids(first.rows) == [2]
    assert 3 in ids(second.rows)
    assert 1 in ids(third.rows)
    assert ids(fourth.rows) == []


def test_a_changed_row_is_stamped_anew(table: psycopg.Connection):
    table.execute("INSERT INTO trips VALUES (1), (2)")
    before = full_load(table, "trips", SCHEMA).snapshot
    table.execute("UPDATE trips SET name = 'new' WHERE id = 2")

    assert ids(load_committed(table, "trips", SCHEMA, before).rows) == [2]


def test_a_load_inside_a_transaction_is_refused(postgres: LocalPostgres, table: psycopg.Connection):
    with postgres.connect() as busy:
        busy.execute("SELECT 1")
        with pytest.raises(ValueError, match="end the connection's transaction"):
            full_load(busy, "trips", SCHEMA)


def test_upserting_twice_is_upserting_once(table: psycopg.Connection):
    rows = pa.Table.from_pylist(
        [{"id": 1, "name": "", "at": NOON, "good": None}, {"id": 2, "name": None, "at": None, "good": True}],
        schema=SCHEMA,
    )
    upsert_into(table, "trips", rows, "id")
    once = full_load(table, "trips", SCHEMA).rows.sort_by("id")
    upsert_into(table, "trips", rows, "id")

    assert full_load(table, "trips", SCHEMA).rows.sort_by("id") == once == rows


def test_an_older_version_does_not_overwrite_a_newer_one(table: psycopg.Connection):
    new = pa.Table.from_pylist([{"id": 1, "name": "new", "at": NOON, "good": True}], schema=SCHEMA)
    old = pa.Table.from_pylist([{"id": 1, "name": "old", "at": datetime(2024, 1, 1), "good": True}], schema=SCHEMA)
    written = [upsert_into(table, "trips", rows, "id", "at") for rows in (new, old)]

    assert written == [1, 0]
    assert full_load(table, "trips", SCHEMA).rows["name"].to_pylist() == ["new"]
