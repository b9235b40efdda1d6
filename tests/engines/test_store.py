"""Every engine that stores tables keeps the corrected table, the old one, and one of two writers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.engines import store
from course_lib.errors import ContractBroken
from tests.engines.contract import broken_copy, contract, ready

BEGIN, TWO, KILLED = (store.every_version, store.two_writers, store.nothing_half_written)


@pytest.mark.parametrize(("name", "what"), contract("store"))
def test_contract(name, what, tmp_path):
    store.CHECKS[what](ready(name), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        pytest.param(BEGIN, "delta", "version=None if version is None else int(version)", "version=None", id="no past"),
        pytest.param(BEGIN, "delta", ".when_matched_update_all()", "", id="corrections are not applied"),
        pytest.param(BEGIN, "iceberg", "trips.upsert(change)", "trips.append(change)", id="corrections are added"),
        pytest.param(
            TWO, "parquet", "if (found := current(table)) != seen:", "if (found := seen) != seen:", id="last wins"
        ),
        pytest.param(
            KILLED, "parquet", 'beside / "part-0.parquet")\n    sync(', 'table / "x")\n    sync(', id="no part"
        ),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(check, name, old, new, tmp_path):
    wrong = broken_copy(name, tmp_path, (old, new))

    with pytest.raises(Exception) as found:
        check(wrong, tmp_path / "run")
    assert type(found.value).__name__ in ("ContractBroken", "EngineFailed")


def test_a_store_that_writes_in_place_is_caught(tmp_path):
    wrong = broken_copy(
        "parquet",
        tmp_path,
        ('return pq.read_table(table / "versions" / version)', 'return pq.read_table(table / "all")'),
        (
            '    beside = Path(tempfile.mkdtemp(prefix=".tmp-", dir=table / "versions"))  # readers look at names they '
            "were told\n",
            '    (table / "all").mkdir(exist_ok=True)\n    pq.write_table(rows, table / "all" / "part-0.parquet")\n'
            '    beside = Path(tempfile.mkdtemp(prefix=".tmp-", dir=table / "versions"))\n',
        ),
    )

    with pytest.raises(ContractBroken, match="version"):
        store.every_version(wrong, tmp_path / "run")


ROWS = st.lists(st.fixed_dictionaries({"trip_id": st.integers(0, 5), "fare_cents": st.integers(0, 3)}), max_size=12)


@given(ROWS, ROWS)
def test_the_oracle_keeps_the_last_row_of_each_trip(first, second):
    table = store.after(store.after({}, first), second)

    for trip in {row["trip_id"] for row in [*first, *second]}:
        last = [row for row in [*first, *second] if row["trip_id"] == trip][-1]
        assert table[trip] == last


def test_the_digest_sees_an_order_as_nothing_and_a_repeated_row_as_something():
    rows = store.day(1, 20)

    assert store.digest(rows) == store.digest(rows[::-1])
    assert store.digest(rows) != store.digest([*rows, rows[0]])
    assert store.digest(rows) != store.digest(store.corrected(rows, 7, 1) + rows[1:])
