"""Is every letter either read or dead?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.dead_letters import sort_letters


@given(st.lists(st.one_of(st.none(), st.binary(max_size=4))))
def test_no_letter_is_lost(payloads: list[bytes | None]):
    found = sort_letters([(str(i), payload) for i, payload in enumerate(payloads)], int, "topic")  # type: ignore[arg-type]

    assert len(found.good) + len(found.dead) == len(payloads)
    assert all(payloads[int(letter.place)] == letter.payload for letter in found.dead)


def test_a_dead_letter_says_why():
    (letter,) = sort_letters([("0/4", b"{}")], lambda payload: {}["trip_id"], "topic").dead

    assert letter == ("topic", "0/4", "KeyError: 'trip_id'", b"{}")


def test_an_error_of_the_reader_is_raised():
    with pytest.raises(AttributeError):
        sort_letters([("0", b"1")], lambda payload: payload.nonsense, "topic")  # type: ignore[union-attr]
