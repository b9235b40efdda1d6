"""Ids of published rows: the same in every edition, and repeated rows are numbered."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion.identity import Repeats, column_key, mix, text_bits, trip_ids

spread = st.sampled_from([0, 1, 2, 3, 1 << 61, (1 << 61) + 1, 2**64 - 1])  # several in a part, several parts


@given(st.lists(st.lists(spread, max_size=30), max_size=12))
@settings(deadline=None)
def test_equal_rows_are_numbered_in_the_order_they_come(batches):
    seen, repeats = Counter(), Repeats()

    for batch in batches:
        expected = []
        for row in batch:
            expected.append(seen[row])
            seen[row] += 1
        assert repeats.number(np.array(batch, np.uint64)).tolist() == expected


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=50))
@settings(deadline=None)
def test_mixing_keeps_different_numbers_different(numbers):
    assert len(set(mix(np.array(numbers, np.uint64)).tolist())) == len(numbers)


def test_one_changed_bit_changes_about_half_of_the_bits():
    ones = np.uint64(1) << np.arange(64, dtype=np.uint64)

    changed = mix(ones) ^ mix(np.zeros(1, np.uint64))

    assert 24 < np.mean(np.bitwise_count(changed)) < 40


def test_the_hash_of_a_text_is_the_same_on_every_machine():
    assert text_bits("B02667") == 0x62B675CFD67CD8FA


def test_services_and_columns_tell_equal_values_apart():
    sums = np.array([1, 2], np.uint64)

    assert not set(trip_ids("green", sums)) & set(trip_ids("yellow", sums))
    assert column_key("vendor_id") != column_key("rate_code")
