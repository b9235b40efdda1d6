"""Random bits by number: the slow version, and the independence of streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.trips import draws

starts = st.integers(0, 2**64 - 1)


@given(starts, st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
@settings(deadline=None)
def test_words_are_the_mixer_of_a_counter(start, numbers):
    slow = [draws.mix((start + number * draws.STEP) % 2**64) for number in numbers]

    assert draws.words(start, np.array(numbers, np.uint64)).tolist() == slow


def test_the_published_sequence_of_splitmix64():
    # The first outputs for seed 1234567, as given with the reference implementation (Vigna, splitmix64.c).
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]

    assert draws.words(1234567, np.arange(1, 5, dtype=np.uint64)).tolist() == published


@given(starts, st.integers(0, 56), st.integers(1, 8))
@settings(deadline=None)
def test_bits_are_bits(start, first, count):
    word = draws.words(start, np.arange(50, dtype=np.uint64))

    assert draws.bits(word, first, count).tolist() == [int(w) >> first & (1 << count) - 1 for w in word]


def test_each_part_of_a_key_matters():
    keys = {draws.key(), draws.key(0), draws.key(1), draws.key(0, 0), draws.key(1, 0), draws.key(0, 1)}

    assert len(keys) == 6


@pytest.mark.parametrize("bit", [0, 1, 31, 32, 62, 63])
def test_streams_do_not_know_each_other(bit):
    numbers = np.arange(40_000, dtype=np.uint64)
    one, two = (draws.words(draws.key(7, purpose), numbers) >> np.uint64(bit) & np.uint64(1) for purpose in (0, 1))

    agreeing = int((one == two).sum())

    assert abs(agreeing - 20_000) < 5 * 100  # five standard deviations of 40,000 coins
    assert abs(int(one.sum()) - 20_000) < 5 * 100
    assert abs(int((one[1:] == one[:-1]).sum()) - 20_000) < 5 * 100


def test_uniform_numbers_fill_the_unit_interval():
    counts, _ = np.histogram(draws.uniform(draws.key(3), 100_000), bins=10, range=(0, 1))

    assert counts.sum() == 100_000
    assert abs(counts - 10_000).max() < 5 * 95
