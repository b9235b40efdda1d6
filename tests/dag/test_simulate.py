"""Does the simulation move items as a slow clock would?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dag.critical import latency
from course_lib.dag.simulate import Passage, measure, run, waiting


def tick_by_tick(arrivals: list[int], service: list[list[int]], workers: list[int]) -> list[list[int]]:
    """The slow oracle: at every whole second look who has ended, who has come, and which worker is free; the ends."""
    items, stages = len(arrivals), len(workers)
    ends = [[-1] * stages for _ in range(items)]
    queues: list[list[tuple[int, int, int]]] = [[] for _ in workers]
    busy: list[dict[int, int]] = [{} for _ in workers]
    now, left = 0, 0
    while left < items:
        for item in range(items):
            if arrivals[item] == now:
                queues[0].append((now, arrivals[item], item))
        moved = True
        while moved:  # items that need no time pass several stages within a second
            moved = False
            for stage in range(stages):
                for item in sorted(i for i, end in busy[stage].items() if end == now):
                    del busy[stage][item]
                    ends[item][stage] = now
                    moved = True
                    if stage + 1 < stages:
                        queues[stage + 1].append((now, arrivals[item], item))
                    else:
                        left += 1
                queues[stage].sort()
                while queues[stage] and len(busy[stage]) < workers[stage]:
                    _, _, item = queues[stage].pop(0)
                    busy[stage][item] = now + service[item][stage]
                    moved = True
        now += 1
    return ends


@st.composite
def cases(draw):
    items, stages = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    numbers = st.integers(1, 5)
    return (
        draw(st.lists(st.integers(0, 12), min_size=items, max_size=items)),
        [draw(st.lists(numbers, min_size=stages, max_size=stages)) for _ in range(items)],
        draw(st.lists(st.integers(1, 3), min_size=stages, max_size=stages)),
    )


@given(cases())
def test_every_item_ends_when_the_slow_clock_says(case):
    arrivals, service, workers = case
    passage = run(np.array(arrivals, float), np.array(service, float), workers)
    slow = np.array(tick_by_tick(arrivals, service, workers), float)[np.argsort(arrivals, kind="stable")]

    # Items that meet a stage at the same second may change places: the stage's ends are the same all the same.
    if len(set(arrivals)) == len(arrivals) and len(workers) == 1:
        assert (passage.ended == slow).all()
    assert sorted(passage.ended[:, 0]) == sorted(slow[:, 0])


@given(cases())
def test_latency_is_the_sum_of_service_and_queue_times(case):
    arrivals, service, workers = case
    passage = run(np.array(arrivals, float), np.array(service, float), workers)

    for row in range(len(arrivals)):
        assert passage.latency[row] == pytest.approx(latency(passage.served[row], passage.queued[row]))
    assert (passage.queued >= 0).all()


@given(cases())
def test_no_stage_works_on_more_items_than_it_has_workers(case):
    arrivals, service, workers = case
    passage = run(np.array(arrivals, float), np.array(service, float), workers)

    for stage, count in enumerate(workers):
        for moment in passage.began[:, stage]:
            at_work = (passage.began[:, stage] <= moment) & (passage.ended[:, stage] > moment)
            assert at_work.sum() <= count


@given(cases())
def test_who_comes_first_is_served_first(case):
    arrivals, service, workers = case
    passage = run(np.array(arrivals, float), np.array(service, float), workers)

    for stage in range(len(workers)):
        came = np.argsort(passage.arrived[:, stage], kind="stable")
        assert (np.diff(passage.began[came, stage]) >= 0).all() or len(set(passage.arrived[:, stage])) < len(came)


def test_one_service_time_a_stage_is_that_of_every_item():
    same = run(np.array([0.0, 0.0]), np.array([2.0, 1.0]), [1, 1])

    assert same.ended.tolist() == [[2.0, 3.0], [4.0, 5.0]]


@pytest.mark.parametrize(
    ("arrivals", "service", "workers"),
    [
        pytest.param([0.0], [[1.0, 1.0]], [1], id="two service times for one stage"),
        pytest.param([0.0], [[1.0]], [], id="no stage"),
        pytest.param([0.0], [[1.0]], [0], id="no worker"),
        pytest.param([0.0], [[-1.0]], [1], id="less than no time"),
        pytest.param([np.nan], [[1.0]], [1], id="never arrives"),
    ],
)
def test_what_cannot_run_is_refused(arrivals, service, workers):
    with pytest.raises(ValueError):
        run(np.array(arrivals), np.array(service), workers)


def test_nothing_arrives_and_nothing_happens():
    passage = run(np.array([]), np.zeros((0, 2)), [1, 1])

    assert passage.latency.tolist() == []


def test_an_item_counts_in_the_window_with_its_part_of_it():
    found = measure(np.array([0.0, 5.0]), np.array([10.0, 7.0]), 4, 8)

    assert found == (6 / 4, 1 / 4, 2.0)


def test_who_comes_when_the_window_ends_belongs_to_the_next_one():
    came = np.array([4.0, 8.0])

    assert measure(came, came + 1, 4, 8).rate == 1 / 4
    assert measure(came, came + 1, 8, 12).rate == 1 / 4


def test_a_window_without_arrivals_has_no_time_in_the_system():
    assert measure(np.array([0.0]), np.array([1.0]), 5, 6) == (0.0, 0.0, 0.0)


def test_an_empty_window_measures_nothing():
    with pytest.raises(ValueError, match="empty"):
        measure(np.array([0.0]), np.array([1.0]), 5, 5)


def test_a_queue_is_as_long_as_those_who_came_and_were_not_begun():
    passage = Passage(
        np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [5.0], [9.0]]), np.array([[5.0], [9.0], [12.0]])
    )

    assert waiting(passage, 0, np.array([0.5, 1.0, 3.0, 5.0, 20.0])).tolist() == [0, 1, 2, 1, 0]
