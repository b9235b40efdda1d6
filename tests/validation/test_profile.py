from __future__ import annotations

from collections import Counter
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.profile import profile

VALUES = st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=50)


@given(VALUES)
def test_a_profile_counts_what_is_there(values: list[int | None]):
    found = profile(pa.table({"x": pa.array(values, pa.int32())}))["x"]
    there = [value for value in values if value is not None]

    assert (found.rows, found.present, found.distinct) == (len(values), len(there), len(set(there)))
    assert found.counts == dict(Counter(there))
    assert (found.least, found.most) == (min(there, default=None), max(there, default=None))
    assert found.fraction == (len(there) / len(values) if values else 0.0)


def test_many_values_are_a_range_and_not_counted():
    table = pa.table({"x": pa.array(range(1000))})

    assert profile(table)["x"].counts is None
    assert profile(table, few=1000)["x"].counts is not None


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1], pa.int8()), "int"),
        (pa.array([1.5], pa.float32()), "float"),
        (pa.array(["a"]), "string"),
        (pa.array(["a"]).dictionary_encode(), "string"),
        (pa.array([True]), "bool"),
        (pa.array([datetime(2024, 1, 1)]), "time"),
        (pa.nulls(3), "nothing"),
    ],
)
def test_a_kind_does_not_depend_on_the_width_of_a_type(array: pa.Array, kind: str):
    assert profile(pa.table({"x": array}))["x"].kind == kind


def test_not_a_number_is_no_value():
    found = profile(pa.table({"x": [1.0, float("nan"), None]}))["x"]

    assert (found.present, found.least, found.counts) == (1, 1.0, {1.0: 1})


def test_the_most_frequent_value_comes_first():
    assert list(profile(pa.table({"x": ["b", "a", "c", "c"]}))["x"].counts) == ["c", "a", "b"]


def test_nested_values_are_refused():
    with pytest.raises(TypeError, match="flatten"):
        profile(pa.table({"x": [[1], [2]]}))
