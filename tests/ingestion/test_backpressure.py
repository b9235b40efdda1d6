"""Does the queue keep its laws?"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.backpressure import POLICIES, Outcome, Policy, run, seconds_to_overflow, throughput


def oracle(arrivals: list[float], service: float, capacity: int) -> tuple[int, int]:
    """Processed and dropped by a queue that drops, one arrival after the other."""
    ends: list[float] = []  # of service
    begins: list[float] = []
    dropped = 0
    for at in arrivals:
        if sum(begun >= at for begun in begins) >= capacity:  # waiting at this moment
            dropped += 1
            continue
        begun = max(at, ends[-1] if ends else 0.0)
        begins.append(begun)
        ends.append(begun + 1 / service)
    return len(begins), dropped


TIMES = st.lists(st.integers(0, 4000), max_size=60).map(lambda ms: [at / 64 for at in sorted(ms)])


@given(TIMES, st.sampled_from([0.5, 1.0, 2.0, 4.0]), st.integers(1, 6))
def test_dropping_agrees_with_the_slow_way(arrivals: list[float], service: float, capacity: int):
    found = run(arrivals, service, capacity, "drop")

    assert (found.processed, found.dropped) == oracle(arrivals, service, capacity)


@given(TIMES, st.sampled_from([0.5, 2.0]), st.integers(1, 6), st.sampled_from(POLICIES))
def test_everything_is_processed_or_dropped(arrivals: list[float], service: float, capacity: int, policy: Policy):
    found = run(arrivals, service, capacity, policy)

    assert found.processed + found.dropped == len(arrivals)
    if policy != "drop":
        assert found.dropped == 0
    if policy != "buffer":
        assert (found.depth <= capacity).all()


@given(TIMES, st.sampled_from([0.5, 2.0]), st.integers(1, 6))
def test_throttling_moves_the_queue_to_the_source_and_shortens_nothing(
    arrivals: list[float], service: float, capacity: int
):
    buffered, throttled = (run(arrivals, service, capacity, policy) for policy in ("buffer", "throttle"))

    assert throttled.longest == buffered.longest
    assert list(throttled.depth + throttled.waiting) == list(buffered.depth)


def test_the_queue_grows_by_the_difference_of_the_rates():
    found = run(np.arange(0, 100, 1 / 12), service=10, capacity=1000, policy="buffer")

    assert found.depth[50] == pytest.approx(2 * 50, abs=2)


@pytest.mark.parametrize("arrivals", [11, 12, 15, 20])
def test_it_is_full_when_the_law_says(arrivals: int):
    found = run(np.arange(0, 200, 1 / arrivals), service=10, capacity=100, policy="throttle", step=0.1)
    full = found.at[int(np.argmax(found.waiting > 0))]

    assert full == pytest.approx(seconds_to_overflow(arrivals, 10, 100), rel=0.03, abs=0.5)


def test_a_queue_that_is_served_fast_enough_never_overflows():
    assert seconds_to_overflow(10, 10, 5) == math.inf
    assert seconds_to_overflow(12, 10, 5, depth=9) == 0
    assert run(np.arange(0, 10, 0.2), service=10, capacity=1, policy="drop").dropped == 0


def test_nothing_in_is_nothing_out():
    found = run([], 1, 1, "drop")

    assert isinstance(found, Outcome)
    assert (found.processed, found.dropped, found.longest) == (0, 0, 0.0)


def test_the_slowest_stage_decides():
    assert throughput(3.0, 1.0, 2.0) == 1.0
    with pytest.raises(ValueError, match="no stage"):
        throughput()


@pytest.mark.parametrize(("service", "capacity", "policy"), [(0, 1, "drop"), (1, 0, "drop"), (1, 1, "pray")])
def test_nonsense_is_refused(service: float, capacity: int, policy: str):
    with pytest.raises(ValueError, match="see this file's head"):
        run([1.0], service, capacity, policy)  # type: ignore[arg-type]
