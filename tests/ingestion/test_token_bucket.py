"""Does a bucket let through what it promises, no more and no less?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.token_bucket import Bucket, full, take

GAPS = st.lists(st.integers(0, 3000), max_size=60)


@given(GAPS, st.integers(1, 50), st.integers(1, 20))
def test_over_any_interval_at_most_capacity_and_what_flows_in_pass(gaps: list[int], rate: int, capacity: int):
    bucket, now, passed = full(capacity), 0, []
    for gap in gaps:
        now += gap
        bucket, wait = take(bucket, now, rate, capacity)
        if not wait:
            passed.append(now)

    for i, first in enumerate(passed):
        for n, last in enumerate(passed[i:], start=1):
            assert 1000 * n <= 1000 * capacity + rate * (last - first)


@given(st.integers(0, 10**6), st.integers(-3000, 0), st.integers(1, 50), st.integers(1, 20), st.data())
def test_the_wait_is_the_shortest_that_helps(inside: int, now: int, rate: int, capacity: int, data: st.DataObject):
    cost = data.draw(st.integers(1, capacity))
    bucket = Bucket(min(inside, capacity * 1000), 0)  # at 0 ms: where now is before it, the clock went back
    after, wait = take(bucket, now, rate, capacity, cost)
    if wait:
        assert take(after, now + wait, rate, capacity, cost)[1] == 0
        assert take(after, now + wait - 1, rate, capacity, cost)[1] == 1
    lacking = cost * 1000 - bucket.thousandths
    assert wait == (math.ceil(lacking / rate) - now if lacking > 0 else 0)


def test_a_request_that_waits_takes_nothing():
    bucket, wait = take(Bucket(400, 0), 0, rate=1, capacity=5)

    assert (bucket, wait) == (Bucket(400, 0), 600)


def test_a_full_bucket_does_not_overflow():
    assert take(full(2), 10**9, rate=50, capacity=2)[0] == Bucket(1000, 10**9)


def test_a_clock_that_goes_back_adds_nothing():
    bucket, _ = take(full(2, now=5000), 5000, rate=1, capacity=2)

    assert take(bucket, 1000, rate=1, capacity=2) == (Bucket(0, 5000), 0)


@pytest.mark.parametrize(("rate", "capacity", "cost"), [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 2)])
def test_what_can_never_work_is_refused(rate: int, capacity: int, cost: int):
    with pytest.raises(ValueError, match=r"must be positive|split it"):
        take(full(1), 0, rate, capacity, cost)
