"""Pandera and the course's library agree on every row, the hostile ones first."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips.contract import BIT, RULES
from course_lib.validation import pandera_contract
from course_lib.validation.judged import disagreements, judged
from course_lib.validation.practice import a_month
from tests.transforms.oracle import Read
from tests.validation.test_checks import MONTHS, as_published, bronze, reads
from tests.validation.test_judged import ALWAYS, PUBLISHED


@settings(max_examples=25)
@given(st.lists(reads(), max_size=40), PUBLISHED, st.sampled_from(MONTHS))
def test_verdicts_are_equal_row_by_row(rows: list[Read], optional: list[str], month: Any):
    published = frozenset(optional) | ALWAYS
    table = bronze([as_published(row, published) for row in rows])

    ours, theirs = judged(table, published, month), pandera_contract.verdicts(table, published, month)
    assert theirs.dtype == np.int32
    assert disagreements(ours, theirs) == {}


def test_verdicts_are_equal_on_a_generated_month():
    table = a_month(20_000).bronze

    ours, theirs = judged(table, month=(2024, 1)), pandera_contract.verdicts(table, month=(2024, 1))
    assert disagreements(ours, theirs) == {}
    found = {name for name, bit in BIT.items() if (theirs >> bit & 1).any()}
    assert found == {rule.name for rule in RULES} - {"unparseable_line"}
