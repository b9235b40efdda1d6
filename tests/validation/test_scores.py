from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.trips.defects import DEFECTS
from course_lib.validation.judged import judged, refused
from course_lib.validation.practice import a_month
from course_lib.validation.scores import REFUSABLE, Score, by_kind, score

ROWS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def scored(rows: list[tuple[bool, bool]]) -> Score:
    pairs = np.array(rows, bool).reshape(-1, 2)
    return score(pairs[:, 0], pairs[:, 1])


@given(ROWS, ROWS)
def test_scores_of_parts_merge_to_that_of_the_whole(one, other):
    assert scored(one).merge(scored(other)) == scored(one + other)


@given(ROWS)
def test_every_row_is_counted_once_and_f1_lies_between_the_two(rows):
    found = scored(rows)

    assert sum(found) == len(rows)
    if found.precision is not None and found.recall is not None:
        low, high = sorted((found.precision, found.recall))
        assert low - 1e-12 <= found.f1 <= high + 1e-12


def test_nobody_refused_has_no_precision_and_nothing_broken_no_recall():
    assert scored([(False, True)]).precision is None
    assert scored([(True, False)]).recall is None
    assert scored([]).f1 is None


def test_verdicts_that_are_no_booleans_are_refused():
    with pytest.raises(ValueError, match="booleans"):
        score(np.array([1, 0]), np.array([True, False]))
    with pytest.raises(ValueError, match="one for each row"):
        score(np.array([True]), np.array([True, False]))


def test_the_courses_contract_refuses_what_is_broken_and_nothing_else():
    month = a_month(20_000)
    table, kinds = month.bronze, month.kinds
    found = refused(judged(table, month=(2024, 1)))

    against = score(found, np.isin(kinds, REFUSABLE))
    assert (against.precision, against.recall) == (1.0, 1.0)
    per_kind = by_kind(found, kinds)
    assert {kind for kind, (hits, rows) in per_kind.items() if hits == rows} == set(REFUSABLE)
    assert all(hits in (0, rows) for hits, rows in per_kind.values())


def test_a_kind_is_refusable_if_a_rule_of_severity_error_should_find_it():
    assert "bad_correction" in REFUSABLE
    assert {"duplicate", "late", "total_mismatch", "codes_null"}.isdisjoint(REFUSABLE)
    assert set(REFUSABLE) < {defect.kind for defect in DEFECTS}
