"""Is upserting what the formula says?"""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.upsert import upsert, without

SCHEMA = pa.schema([("key", pa.int64()), ("version", pa.int64()), ("name", pa.string())])
Rows = list[tuple[int, int | None, str]]
ROWS = st.lists(st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(-2, 2)), st.text("ab", max_size=2)))
TABLES = ROWS.map(lambda rows: list({row[0]: row for row in rows}.values()))


def table(rows: Rows) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def rows(found: pa.Table) -> Rows:
    return [tuple(row.values()) for row in found.to_pylist()]


@given(TABLES, ROWS)
def test_the_rows_that_came_replace_those_with_their_keys(target: Rows, changes: Rows):
    wanted = {row[0]: row for row in [*target, *changes]}

    assert rows(upsert(table(target), table(changes), "key")) == [wanted[key] for key in sorted(wanted)]


@given(TABLES, ROWS)
def test_the_newest_version_of_a_key_stays(target: Rows, changes: Rows):
    wanted = {row[0]: row for row in target}
    of_changes: dict[int, tuple] = {}
    age = lambda row: -99 if row[1] is None else row[1]  # noqa: E731
    for row in changes:
        if row[0] not in of_changes or age(row) >= age(of_changes[row[0]]):
            of_changes[row[0]] = row
    for key, row in of_changes.items():
        if key not in wanted or age(row) > age(wanted[key]):
            wanted[key] = row

    assert rows(upsert(table(target), table(changes), "key", "version")) == [wanted[key] for key in sorted(wanted)]


@given(TABLES, ROWS, st.sampled_from([None, "version"]))
def test_twice_is_once(target: Rows, changes: Rows, version: str | None):
    once = upsert(table(target), table(changes), "key", version)

    assert upsert(once, table(changes), "key", version) == once


def test_other_columns_are_refused_by_name():
    with pytest.raises(ValueError, match=r"new \['fare'\], missing \['name'\]"):
        upsert(table([]), pa.table({"key": [1], "version": [1], "fare": [1]}), "key")


def test_a_null_key_is_refused():
    with pytest.raises(ValueError, match="1 changes have no key"):
        upsert(table([]), pa.table({"key": pa.array([None], pa.int64()), "version": [1], "name": ["a"]}), "key")


def test_rows_can_be_taken_out_by_key():
    assert rows(without(table([(1, 1, "a"), (2, 1, "b")]), [2, 9], "key")) == [(1, 1, "a")]
