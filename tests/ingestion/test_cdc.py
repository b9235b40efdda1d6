"""Is a copy equal to its source, whatever happened to both?"""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.cdc import Copy, apply_all, transactions
from course_lib.ingestion.changes import Change, Snapshot, Transaction, read_snapshot
from course_lib.ingestion.pgoutput import Begin, Column, Commit, Insert, Relation, Truncate

NOW = datetime(2024, 1, 1, tzinfo=UTC)
TRIPS = Relation(1, "public.trips", "d", (Column("id", 20, True),))


def one(lsn: int, *changes: Change, xid: int = 0) -> Transaction:
    return Transaction(xid or lsn, lsn, lsn + 1, NOW, changes)


def insert(key: int, **values: object) -> Change:
    return Change("insert", "t", None, {"id": key, **values})


def history(seed: int) -> tuple[dict, list[Transaction]]:
    """A table after random changes, and the transactions that made it so."""
    draw, rows, found = random.Random(seed), {}, []
    for lsn in range(1, draw.randint(2, 25)):
        changes = []
        for _ in range(draw.randint(1, 3)):
            spare, known = draw.randrange(100, 200), sorted(rows)
            if (not known or draw.random() < 0.4) and spare not in rows:
                rows[spare] = {"id": spare, "a": draw.randrange(9), "big": "x"}
                changes.append(Change("insert", "t", None, dict(rows[spare])))
            elif known and draw.random() < 0.3:
                del rows[known[0]]
                changes.append(Change("delete", "t", {"id": known[0]}, None))
            elif known:
                key = draw.choice(known)
                row = rows.pop(key)
                moved = spare if spare not in rows and draw.random() < 0.3 else key
                rows[moved] = {**row, "id": moved, "a": draw.randrange(9)}
                told = {name: value for name, value in rows[moved].items() if name != "big"}
                changes.append(Change("update", "t", {"id": key} if moved != key else None, told))
        if draw.random() < 0.03:
            rows.clear()
            changes.append(Change("truncate", "t", None, None))
        found.append(one(lsn, *changes))
    return {(key,): row for key, row in rows.items()}, found


@given(st.integers(0, 2**32))
def test_a_copy_equals_its_source_in_whatever_order_and_however_often_a_batch_comes(seed: int):
    rows, told = history(seed)
    draw, copy = random.Random(seed), Copy(("id",))
    cut = draw.randint(0, len(told))
    for batch in (told[:cut], told):
        delivered = batch * 2
        draw.shuffle(delivered)
        apply_all(copy, delivered)

    assert copy.rows == rows
    assert copy.lsn == told[-1].commit_lsn


def test_a_change_that_cannot_be_leaves_its_transaction_out_whole():
    copy = Copy(("id",))
    bad = one(2, insert(2), Change("delete", "t", {"id": 9}, None))
    with pytest.raises(ValueError, match="which the copy does not have"):
        apply_all(copy, [one(1, insert(1)), bad])

    assert (list(copy.rows), copy.lsn) == ([(1,)], 1)


@pytest.mark.parametrize("kind", ["upsert", "insert", "delete"])
def test_a_change_of_no_known_shape_is_refused(kind: str):
    with pytest.raises(ValueError, match=kind):
        apply_all(Copy(("id",)), [one(1, Change(kind, "t", None, None))])


def test_transactions_that_the_first_load_saw_are_passed_over():
    copy = Copy(("id",), has=Snapshot(xmin=10, xmax=12, running=frozenset({10})))
    told = [one(1, insert(1), xid=9), one(2, insert(2), xid=10), one(3, insert(3), xid=11), one(4, insert(4), xid=12)]

    assert apply_all(copy, told) == 2
    assert sorted(copy.rows) == [(2,), (4,)]


@given(st.integers(0, 2**40), st.integers(0, 1000), st.integers(-2000, 2000))
def test_a_snapshot_knows_transactions_by_their_last_32_bits(xmin: int, width: int, near: int):
    snapshot = Snapshot(xmin, xmin + width, frozenset())
    xid = max(snapshot.xmax + near, 0)

    assert snapshot.sees(xid % 2**32) == (xid < snapshot.xmax)
    assert read_snapshot(f"{xmin}:{xmin + width}:").xmax == snapshot.xmax


def test_messages_become_transactions_of_one_table():
    other = Relation(2, "public.zones", "d", (Column("id", 20, True),))
    messages = [
        Begin(10, NOW, 5),
        TRIPS,
        Insert(TRIPS, {"id": 1}),
        Insert(other, {"id": 7}),
        Truncate((TRIPS, other)),
        Commit(10, 11, NOW),
        Begin(20, NOW, 6),
        Insert(TRIPS, {"id": 2}),
    ]
    (found,) = transactions(messages, "public.trips")

    assert (found.xid, found.commit_lsn, found.end_lsn) == (5, 10, 11)
    assert [change.kind for change in found.changes] == ["insert", "truncate"]
    assert len(next(transactions(messages)).changes) == 4
