"""Is the critical path the longest, and slack what one may lose?"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dag.critical import critical_path, latency, makespan, timings
from course_lib.dag.graph import Cycle


@st.composite
def timed_graphs(draw):
    """An acyclic graph (a node needs only earlier letters) with whole seconds."""
    size = draw(st.integers(1, 7))
    names = draw(st.permutations("abcdefg"[:size]))
    needs = {
        name: draw(st.sets(st.sampled_from(names[:i]), max_size=3)) if i else set() for i, name in enumerate(names)
    }
    return needs, {name: draw(st.integers(0, 9)) for name in names}


def chains(needs):
    """The slow oracle: every way from a node without needs to one that nobody needs."""

    def backwards(node):
        if not needs[node]:
            yield [node]
        for parent in needs[node]:
            for chain in backwards(parent):
                yield [*chain, node]

    ends = set(needs) - {parent for parents in needs.values() for parent in parents}
    return [chain for end in ends for chain in backwards(end)]


@given(timed_graphs())
def test_a_run_takes_as_long_as_its_longest_chain(case):
    needs, seconds = case
    longest = max(sum(seconds[step] for step in chain) for chain in chains(needs))

    assert makespan(needs, seconds) == longest
    path = critical_path(needs, seconds)
    assert sum(seconds[step] for step in path) == longest
    assert not needs[path[0]]
    assert all(before in needs[step] for before, step in itertools.pairwise(path))


@given(timed_graphs())
def test_slack_is_exactly_what_a_step_may_lose(case):
    needs, seconds = case
    whole = makespan(needs, seconds)

    for step, timing in timings(needs, seconds).items():
        slower = seconds | {step: seconds[step] + timing.slack}
        assert makespan(needs, slower) == whole
        slower[step] += 1
        assert makespan(needs, slower) == whole + 1


@given(timed_graphs())
def test_no_step_of_the_critical_path_has_slack(case):
    needs, seconds = case
    timed = timings(needs, seconds)

    assert [timed[step].slack for step in critical_path(needs, seconds)] == [0] * len(critical_path(needs, seconds))


@pytest.mark.parametrize("seconds", [{"a": 1}, {"a": 1, "b": -1}, {"a": 1, "b": float("nan")}])
def test_a_step_without_a_duration_is_named(seconds):
    with pytest.raises(ValueError, match="step 'b'"):
        makespan({"b": ["a"]}, seconds)


def test_what_goes_in_circles_never_ends():
    with pytest.raises(Cycle):
        makespan({"a": ["b"], "b": ["a"]}, {"a": 1, "b": 1})


def test_nothing_takes_no_time():
    assert makespan({}, {}) == 0
    assert critical_path({}, {}) == []


def test_latency_needs_both_times_of_every_stage():
    with pytest.raises(ValueError, match="2 service times and 1 queue times"):
        latency([1, 2], [3])
