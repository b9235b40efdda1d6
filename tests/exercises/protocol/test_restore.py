"""What was changed on the other side is changed here, in the same objects."""

import collections
import copy
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.exercises.protocol.restore import may_change, restore
from tests.exercises.protocol.test_values import crossed, same

plain = st.recursive(
    st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.sets(st.integers())
    ),
)


@settings(max_examples=60)
@given(plain, plain)
def test_the_old_value_becomes_the_new_one_or_the_new_one_is_given(old, new):
    kept = old
    found = restore(old, copy.deepcopy(new))

    assert same(found, new)
    if type(old) is type(new) and isinstance(old, list | dict | set):
        assert found is kept


def test_objects_inside_keep_their_identity():
    inner = {"rows": [1]}
    old = [inner, (inner["rows"], 2)]
    restore(old, [{"rows": [1, 2]}, ([1, 2], 2)])

    assert old[0] is inner and inner == {"rows": [1, 2]}


@pytest.mark.parametrize(
    ("old", "change"),
    [
        (np.array([1, 2, 3]), lambda x: x.__setitem__(0, 9)),
        (np.zeros((2, 2)), lambda x: x.fill(7)),
        (collections.deque([1, 2], maxlen=2), lambda x: x.append(3)),
        (bytearray(b"ab"), lambda x: x.extend(b"c")),
        (pd.DataFrame({"a": [1, 2]}), lambda x: x.drop(index=0, inplace=True)),
        (pd.Series([3, 1]), lambda x: x.sort_values(inplace=True)),
        (np.random.default_rng(1), lambda x: x.random(5)),
        (random.Random(1), lambda x: x.random()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_copy_went_through_the_original_goes_through(old, change):
    other = crossed(old)
    change(other)
    found = restore(old, other)

    assert found is old
    if hasattr(old, "random"):
        assert old.random() == other.random()
    else:
        assert repr(old) == repr(other)


@pytest.mark.parametrize(
    ("value", "may"), [(1, False), ("a", False), ((1, (2,)), False), (([],), True), ([], True), (np.arange(2), True)]
)
def test_only_what_may_change_is_looked_at_again(value, may):
    assert may_change(value) is may
