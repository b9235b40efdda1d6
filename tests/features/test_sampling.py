import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features.sampling import mixed, sample
from tests.features.feature_cases import unhurried

IDS = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=60)


def table(ids) -> pa.Table:
    return pa.table({"trip_id": pa.array(ids, pa.int64()), "twice": pa.array([str(i) for i in ids], pa.string())})


def sampled(batches, size: int, seed: int = 0) -> set[int]:
    kept, _ = sample(batches, size, seed)
    return set(kept["trip_id"].to_pylist()) if kept is not None else set()


@unhurried
@given(IDS, st.integers(1, 20), st.integers(1, 9), st.integers(0, 3))
def test_the_sample_is_the_ids_with_the_smallest_hashes_however_they_come(ids, size, step, seed):
    smallest = sorted(ids, key=lambda i: int(mixed(np.array([i], np.int64), seed)[0]))[:size]

    batches = [table(ids[i : i + step]) for i in range(0, len(ids), step)]
    assert sampled(batches, size, seed) == set(smallest)
    assert sampled(reversed(batches), size, seed) == set(smallest)


@unhurried
@given(IDS, st.integers(0, 60), st.integers(1, 20))
def test_the_sample_of_two_samples_is_the_sample_of_both(ids, cut, size):
    parts = [sample([table(part)], size, 0)[0] for part in (ids[:cut], ids[cut:])]

    assert sampled(parts, size) == sampled([table(ids)], size)


def test_rows_stay_whole_and_every_row_seen_is_counted():
    kept, seen = sample((table(range(i, i + 100)) for i in range(0, 1000, 100)), 10, 0)

    assert (kept.num_rows, seen) == (10, 1000)
    assert [str(i) for i in kept["trip_id"].to_pylist()] == kept["twice"].to_pylist()


def test_consecutive_ids_are_sampled_evenly():
    kept = np.array(sorted(sampled([table(range(100_000))], 10_000)))

    counts = np.histogram(kept, bins=10, range=(0, 100_000))[0]
    assert np.abs(counts - 1000).max() < 4 * 30  # four standard errors of about sqrt(1000 * 0.9)


def test_another_seed_is_another_sample():
    assert sampled([table(range(1000))], 10, seed=0) != sampled([table(range(1000))], 10, seed=1)


def test_no_batches_are_no_sample():
    assert sample([], 10, 0) == (None, 0)
