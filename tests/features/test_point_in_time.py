import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features.point_in_time import Reading, as_of, encode, newest, newest_known
from tests.features.feature_cases import unhurried

KEYS = st.tuples(st.integers(0, 3), st.integers(-2, 2))
MOMENTS = st.one_of(st.integers(-5, 5), st.sampled_from([-(2**62), 2**62]))
READINGS = st.lists(st.builds(Reading, KEYS, MOMENTS, st.integers()), max_size=30)
QUESTIONS = st.lists(st.tuples(KEYS, MOMENTS), max_size=30)


def columns(keys: list[tuple[int, int]]) -> np.ndarray:
    return np.array(keys, np.int64).reshape(-1, 2).T


def answers(readings: list[Reading], questions: list[tuple[tuple[int, int], int]]) -> list[Reading | None]:
    """What the fast join says."""
    asked, known = encode(columns([key for key, _ in questions]), columns([r.key for r in readings]))
    at = np.array([at for _, at in questions], np.int64)
    found = as_of(asked, at, known, np.array([r.known_at for r in readings], np.int64))
    return [readings[i] if i >= 0 else None for i in found]


@unhurried
@given(READINGS, QUESTIONS)
def test_the_fast_join_answers_what_the_slow_one_answers(readings, questions):
    said = answers(readings, questions)

    assert said == [newest_known(readings, key, at) for key, at in questions]


@unhurried
@given(READINGS, QUESTIONS)
def test_nothing_of_the_future_is_known(readings, questions):
    for (key, at), reading in zip(questions, answers(readings, questions), strict=True):
        assert reading is None or (reading.key == key and reading.known_at <= at)


@unhurried
@given(READINGS, QUESTIONS, MOMENTS)
def test_what_becomes_known_later_changes_no_earlier_answer(readings, questions, now):
    past = [reading for reading in readings if reading.known_at <= now]
    asked = [(key, at) for key, at in questions if at <= now]

    assert answers(past, asked) == answers(readings, asked)


@unhurried
@given(READINGS, st.booleans())
def test_the_newest_of_every_key_is_what_the_slow_one_finds_whatever_the_order(readings, in_order):
    if in_order:
        readings = sorted(readings, key=lambda reading: (reading.key, reading.known_at))
    moments = np.array([reading.known_at for reading in readings], np.int64)
    found = [readings[i] for i in newest(list(columns([reading.key for reading in readings])), moments)]

    keys = sorted({reading.key for reading in readings})
    assert found == [newest_known(readings, key, 2**63 - 1) for key in keys]


def test_a_reading_is_usable_at_the_moment_it_becomes_known():
    readings = [Reading((1, 1), 10, "first"), Reading((1, 1), 20, "second")]

    assert [r and r.value for r in answers(readings, [((1, 1), at) for at in (9, 10, 19, 20)])] == [
        None,
        "first",
        "first",
        "second",
    ]


def test_a_key_without_readings_knows_nothing_however_many_its_neighbours_have():
    readings = [Reading((1, 1), 10, 0), Reading((3, 3), 10, 0)]

    assert answers(readings, [((0, 0), 99), ((2, 2), 99), ((4, 4), 99)]) == [None, None, None]


@unhurried
@given(st.lists(KEYS, max_size=20), st.lists(KEYS, max_size=20))
def test_two_rows_have_one_code_exactly_when_their_keys_are_equal(left, right):
    codes = np.concatenate(encode(columns(left), columns(right))).tolist()
    keys = left + right

    assert [[a == b for b in codes] for a in codes] == [[a == b for b in keys] for a in keys]
