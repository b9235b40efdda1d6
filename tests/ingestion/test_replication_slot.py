"""Does a copy that follows the log equal the table?"""

import random

import psycopg
import pyarrow as pa
import pytest

from course_lib.ingestion.cdc import Copy, apply_all, transactions
from course_lib.ingestion.local_postgres import LocalPostgres
from course_lib.ingestion.pgoutput import Decoder
from course_lib.ingestion.replication_slot import Slot
from course_lib.ingestion.tables import full_load

BIG = "x" * 5000  # stored out of line, so an update that leaves it alone does not send it
SCHEMA = pa.schema([("id", pa.int64()), ("part", pa.int64()), ("note", pa.string())])


@pytest.fixture(params=["default", "full"])
def slot(connection: psycopg.Connection, request: pytest.FixtureRequest) -> Slot:
    connection.execute("CREATE TABLE trips (id bigint PRIMARY KEY, part bigint, note text)")
    connection.execute("ALTER TABLE trips ALTER note SET STORAGE EXTERNAL")
    connection.execute(f"ALTER TABLE trips REPLICA IDENTITY {request.param}")
    connection.execute("CREATE TABLE elsewhere (id bigint PRIMARY KEY)")
    connection.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    return Slot(connection, "copy", "everything").create()


def rows(connection: psycopg.Connection) -> dict:
    found = connection.execute("SELECT id, part, note FROM trips").fetchall()
    return {(row[0],): dict(zip(("id", "part", "note"), row, strict=True)) for row in found}


def test_a_copy_follows_every_kind_of_change(slot: Slot):
    run = slot.connection.execute
    copy = Copy(("id",))
    run("INSERT INTO trips VALUES (1, 1, %s), (2, 1, 'b'), (3, 1, NULL), (4, 1, '')", [BIG])
    run("UPDATE trips SET part = 2 WHERE id = 1")  # the note is not sent again
    run("UPDATE trips SET id = 30 WHERE id = 3")  # another key
    run("DELETE FROM trips WHERE id = 2")
    run("INSERT INTO elsewhere VALUES (1)")
    run("SELECT pg_logical_emit_message(true, 'a', 'note')")
    followed = slot.follow(lambda found: apply_all(copy, found), "public.trips")

    assert copy.rows == rows(slot.connection)
    assert copy.rows[(1,)]["note"] == BIG
    assert followed.changes == 7
    run("TRUNCATE trips")
    slot.follow(lambda found: apply_all(copy, found), "public.trips")
    assert copy.rows == {}


def test_what_was_rolled_back_is_not_in_the_log(slot: Slot, postgres: LocalPostgres):
    with postgres.connect() as other:
        other.execute("INSERT INTO trips VALUES (1)")
        other.rollback()

    assert list(transactions(map(Decoder().decode, slot.peek()))) == []


def test_transactions_come_in_the_order_of_their_commits(slot: Slot, postgres: LocalPostgres):
    with postgres.connect() as slow:
        slow.execute("INSERT INTO trips VALUES (1)")
        slot.connection.execute("INSERT INTO trips VALUES (2)")
        slow.commit()
    found = list(transactions(map(Decoder().decode, slot.peek())))

    assert [one.changes[0].row["id"] for one in found if one.changes[0].row] == [2, 1]
    assert found[0].xid > found[1].xid


def test_a_random_history_is_followed_through_crashes(slot: Slot):
    draw, copy = random.Random(7), Copy(("id",))

    class CrashError(Exception): ...

    def apply(found: list) -> None:
        apply_all(copy, found[: draw.randint(0, len(found))])
        if draw.random() < 0.5:
            raise CrashError  # before the slot was advanced: everything comes again
        apply_all(copy, found)

    for _ in range(40):
        with slot.connection.transaction():
            for _ in range(draw.randint(1, 4)):
                known = [key for (key,) in rows(slot.connection)]
                spare = next(n for n in iter(lambda: draw.randrange(60), None) if n not in known)
                old = draw.choice(known) if known else None
                match draw.choice(["insert", "update", "move", "delete"]) if old is not None else "insert":
                    case "insert":
                        note = draw.choice([BIG, "", None])
                        slot.connection.execute("INSERT INTO trips VALUES (%s, 0, %s)", [spare, note])
                    case "update":
                        slot.connection.execute("UPDATE trips SET part = part + 1 WHERE id = %s", [old])
                    case "move":
                        slot.connection.execute("UPDATE trips SET id = %s WHERE id = %s", [spare, old])
                    case "delete":
                        slot.connection.execute("DELETE FROM trips WHERE id = %s", [old])
        try:
            slot.follow(apply, at_least=draw.choice([None, 1, 5]))
        except CrashError:
            continue
    slot.follow(lambda found: apply_all(copy, found))

    assert copy.rows == rows(slot.connection)


def test_a_copy_that_was_loaded_after_the_slot_was_made_applies_nothing_twice(slot: Slot, postgres: LocalPostgres):
    run = slot.connection.execute
    run("INSERT INTO trips VALUES (1, 1, 'a'), (2, 1, 'b')")
    run("DELETE FROM trips WHERE id = 2")  # in the log, but its row is not in the copy
    with postgres.connect() as slow:
        slow.execute("INSERT INTO trips VALUES (3, 1, 'late')")
        loaded = full_load(slot.connection, "trips", SCHEMA)
        slow.commit()
    run("UPDATE trips SET part = 5 WHERE id = 1")
    copy = Copy(("id",), {(row["id"],): row for row in loaded.rows.to_pylist()}, has=loaded.snapshot)
    slot.follow(lambda found: apply_all(copy, found))

    assert copy.rows == rows(slot.connection)


def test_peeking_leaves_the_bookmark_and_getting_moves_it(slot: Slot):
    slot.connection.execute("INSERT INTO trips VALUES (1)")

    assert len(slot.peek()) == len(slot.peek()) > 0
    assert len(slot.get()) > 0
    assert slot.peek() == []


def test_the_bookmark_moves_only_after_applying(slot: Slot):
    slot.connection.execute("INSERT INTO trips VALUES (1)")
    before = slot.confirmed()

    def fail(found: list) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        slot.follow(fail)
    assert slot.confirmed() == before
    slot.follow(lambda found: None)
    assert slot.confirmed() > before


def test_a_slot_tells_how_much_log_it_holds_back_and_can_be_dropped(slot: Slot):
    assert slot.behind() >= 0
    slot.drop()
    assert slot.connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,)


def test_a_slot_wants_an_autocommit_connection(postgres: LocalPostgres):
    with postgres.connect() as busy, pytest.raises(ValueError, match="autocommit"):
        Slot(busy, "copy", "everything")
