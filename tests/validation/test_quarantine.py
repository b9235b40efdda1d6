"""A refused row is kept whole, with the names of all errors it made, in the contract's order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips.contract import BIT, RULES
from course_lib.trips.schema import BRONZE, CANONICAL
from course_lib.validation.quarantine import QUARANTINE, names, quarantine
from tests.transforms.oracle import ERRORS
from tests.transforms.trip_tables import GOOD


def bronze(rows: int, encoded: bool = False) -> pa.Table:
    made = [
        GOOD | {"trip_id": n, "source_file": "a", "source_row": n, "problems": 0, "raw": f"{n}"} for n in range(rows)
    ]
    table = pa.Table.from_pylist(made, BRONZE).append_column("Ehail_Fee", pa.array([1.5] * rows))
    if not encoded:
        return table
    for name in ("service", "source_file"):
        table = table.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    return table


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from(list(BIT)), unique=True), max_size=12), st.booleans())
def test_a_refused_row_is_kept_with_all_its_errors_and_no_warning(broken: list[list[str]], encoded: bool):
    found = np.array([sum(1 << BIT[name] for name in row) for row in broken], np.int32)

    kept = quarantine(bronze(len(broken), encoded), found)

    assert kept.schema.equals(QUARANTINE)
    assert kept["reasons"].to_pylist() == [";".join(name for name in ERRORS if name in row) for row in broken]
    assert kept["raw"].to_pylist() == [str(n) for n in range(len(broken))]
    assert kept.select(CANONICAL.names).to_pylist() == bronze(len(broken)).select(CANONICAL.names).to_pylist()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_a_reason_when_it_is_an_error(rule):
    assert names(1 << BIT[rule.name]) == (rule.name if rule.severity == "error" else "")


def test_every_reason_can_be_told_from_its_neighbours():
    assert all(";" not in rule.name for rule in RULES)
