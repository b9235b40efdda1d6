"""Are two spellings of one row the same, and two rows not?"""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.duplicates import Bloom, bits_for, false_positives, fingerprint

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.floats(allow_nan=False), st.binary(max_size=3)
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=5))
def test_the_order_of_columns_does_not_count(row: dict):
    assert fingerprint(row) == fingerprint(dict(reversed(row.items())))


@given(st.integers(-(2**40), 2**40))
def test_a_number_is_one_number_in_every_type(number: int):
    spellings = (number, float(number), Decimal(number), Decimal(f"{number}.00"))

    assert len({fingerprint({"x": spelling}) for spelling in spellings}) == 1


def test_a_moment_is_one_moment_in_every_zone():
    east = timezone(timedelta(hours=2))
    spellings = (datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 14, tzinfo=east), datetime(2024, 1, 1, 12))

    assert len({fingerprint({"x": spelling}) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {"a": ""}),
        ({"a": None}, {"a": "null"}),
        ({"a": None}, {}),
        ({"a": "b", "c": ""}, {"a": "", "c": "b"}),
        ({"a": b"x"}, {"a": "x"}),
        ({"a": 0.1}, {"a": 0.10000000000000002}),
        ({"a": date(2024, 1, 1)}, {"a": "2024-01-01"}),
        ({"ab": "c"}, {"a": "bc"}),
    ],
)
def test_two_rows_are_two(one: dict, other: dict):
    assert fingerprint(one) != fingerprint(other)


def test_a_value_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="no rule for list"):
        fingerprint({"a": [1]})


def test_not_a_number_and_infinity_have_fingerprints():
    assert len({fingerprint({"a": value}) for value in (math.nan, math.inf, -math.inf, 0.0)}) == 4


def test_what_was_added_is_always_known():
    bloom, prints = Bloom(500, 3), np.arange(10**6, 10**6 + 1000, dtype=np.uint64)
    bloom.add(prints)

    assert bloom.has(prints).all()


@pytest.mark.parametrize(("n", "bits", "hashes"), [(1000, 8000, 1), (1000, 8000, 5), (5000, 20_000, 3), (300, 4000, 9)])
def test_it_errs_as_often_as_the_law_says(n: int, bits: int, hashes: int):
    bloom = Bloom(bits, hashes)
    bloom.add(np.arange(n, dtype=np.uint64))
    new = np.arange(10**9, 10**9 + 100_000, dtype=np.uint64)
    chance = false_positives(n, bits, hashes)

    assert abs(bloom.has(new).mean() - chance) < 4 * math.sqrt(chance / n) + 4 * math.sqrt(chance / len(new))


def test_the_smallest_filter_keeps_its_promise():
    bits, hashes = bits_for(1000, 0.01)

    assert false_positives(1000, bits, hashes) <= 0.0101
    assert false_positives(1000, bits * 9 // 10, hashes) > 0.01


def test_an_empty_filter_knows_nothing():
    assert not Bloom(8, 1).has(np.arange(100, dtype=np.uint64)).any()
    assert len(Bloom(8, 1).has(np.array([], np.uint64))) == 0


@pytest.mark.parametrize(("bits", "hashes"), [(7, 1), (8, 0)])
def test_a_filter_of_nothing_is_refused(bits: int, hashes: int):
    with pytest.raises(ValueError, match="give at least"):
        Bloom(bits, hashes)
