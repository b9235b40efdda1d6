"""Do the formulas of capacity hold in the simulation?"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dag.capacity import bottleneck, queue_time, throughput, under_way, utilisation, workers_for
from course_lib.dag.simulate import measure, run
from course_lib.dag.stage import Stage

STAGES = st.lists(
    st.builds(Stage, st.sampled_from("abc"), st.floats(0.1, 10), st.integers(1, 5), st.just(1.0)),
    min_size=1,
    max_size=5,
)


@given(STAGES)
def test_no_stage_is_slower_than_the_bottleneck(stages):
    assert all(throughput(stages) <= stage.workers / stage.service_s for stage in stages)
    assert throughput(stages) == bottleneck(stages).workers / bottleneck(stages).service_s


@given(STAGES)
def test_items_without_end_leave_at_the_rate_of_the_bottleneck(stages):
    items = 400
    passage = run(np.zeros(items), np.array([s.service_s for s in stages]), [s.workers for s in stages])
    left = np.sort(passage.ended[:, -1])
    first, last = items // 2, items - 1
    measured = (last - first) / (left[last] - left[first])

    # A stage with c workers lets items go in groups of c, so a count is off by less than one group.
    assert measured == pytest.approx(throughput(stages), rel=5 * max(s.workers for s in stages) / items)


def test_the_first_of_equally_slow_stages_is_the_bottleneck():
    assert bottleneck([Stage("a", 1), Stage("b", 4, 2), Stage("c", 2)]).name == "b"


def test_a_stage_that_few_items_pass_may_be_slow():
    stages = [Stage("parse", 1.0), Stage("mend", 20.0, share=0.02)]

    assert bottleneck(stages).name == "parse"
    assert utilisation(stages[1], arrivals=1.0) == pytest.approx(0.4)


def test_a_stage_that_takes_no_time_limits_nothing():
    assert throughput([Stage("instant", 0.0), Stage("slow", 2.0)]) == 0.5
    assert math.isinf(throughput([Stage("instant", 0.0)]))


@pytest.mark.parametrize(
    "stages", [[], [Stage("a", -1.0)], [Stage("a", 1.0, share=-0.1)], [Stage("a", 1.0, 0)], [Stage("a", math.nan)]]
)
def test_a_pipeline_that_cannot_be_is_refused(stages):
    with pytest.raises(ValueError):
        throughput(stages)


@given(st.floats(0.01, 50), st.floats(0.01, 5), st.floats(0.1, 1))
def test_workers_for_a_load_are_enough_and_one_less_is_not(service_s, rate, most):
    workers = workers_for(service_s, rate, most)

    assert utilisation(Stage("s", service_s, workers), rate) <= most * (1 + 1e-6)
    if workers > 1:
        assert utilisation(Stage("s", service_s, workers - 1), rate) > most * (1 - 1e-6)


def test_a_worker_cannot_be_asked_to_be_busy_more_than_always():
    with pytest.raises(ValueError, match=r"most is 1\.5"):
        workers_for(1.0, 1.0, most=1.5)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("busy", [0.3, 0.7])
def test_the_measured_queue_time_is_the_formulas(workers, busy):
    """Within four standard errors of the mean of 20 runs, each without its first thousand items."""
    stage = Stage("look up", 2.0, workers)
    rate = busy / stage.service_s * workers
    means = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        arrivals = np.cumsum(chance.exponential(1 / rate, 4_000))
        passage = run(arrivals, chance.exponential(stage.service_s, (4_000, 1)), [workers])
        means.append(passage.queued[1_000:].mean())

    error = np.std(means, ddof=1) / np.sqrt(len(means))
    assert abs(np.mean(means) - queue_time(stage, rate)) < 4 * error


def test_one_worker_waits_as_the_short_formula_says():
    for busy in (0.0, 0.25, 0.5, 0.9):
        assert queue_time(Stage("s", 4.0), busy / 4.0) == pytest.approx(4.0 * busy / (1 - busy))


def test_who_is_always_busy_has_a_queue_without_end():
    assert math.isinf(queue_time(Stage("s", 4.0, 2), 0.5))


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20), st.floats(0, 20)), min_size=1, max_size=40),
    st.integers(1, 3),
)
def test_littles_law_holds_exactly_from_an_empty_system_to_an_empty_one(items, workers):
    arrivals = np.array([item[0] for item in items])
    passage = run(arrivals, np.array([item[1:] for item in items])[np.argsort(arrivals)], [workers, 1])
    found = measure(passage.arrived[:, 0], passage.ended[:, -1], -1.0, float(passage.ended.max()) + 1.0)

    assert found.under_way == pytest.approx(under_way(found.rate, found.seconds))
