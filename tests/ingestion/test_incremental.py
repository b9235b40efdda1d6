"""Does an incremental load lose nothing when rows commit late?"""

import random

from hypothesis import given
from hypothesis import strategies as st

from course_lib.ingestion.incremental import incremental_load

Written = list[tuple[int, int, int]]  # key, updated_at, committed_at


def loads(written: Written, times: list[int], longest: int) -> tuple[dict, int]:
    """The table after loads at `times`, and the rows that were read in all."""
    table, watermark, read = {}, None, 0

    for now in times:

        def visible(since: int | None, now: int = now) -> list[tuple[int, int, object]]:
            return [(key, at, f"v{at}") for key, at, seen in written if seen <= now and (since is None or at > since)]

        table, watermark, n = incremental_load(visible, table, watermark, longest)
        read += n
    return table, read


def late_rows(seed: int, longest: int) -> Written:
    draw = random.Random(seed)
    stamps = [draw.randrange(200) for _ in range(draw.randrange(60))]
    return [(key, at, at + draw.randrange(longest)) for key, at in enumerate(stamps)]


@given(st.integers(0, 2**32), st.integers(1, 40), st.lists(st.integers(0, 200)))
def test_nothing_is_lost_while_the_promise_about_late_commits_is_kept(seed: int, longest: int, times: list[int]):
    written = late_rows(seed, longest)
    table, _ = loads(written, [*sorted(times), 300], longest)

    assert table == {key: (key, at, f"v{at}") for key, at, _ in written}


def test_without_looking_back_a_late_row_is_lost():
    written = [(1, 10, 10), (2, 5, 12)]

    assert sorted(loads(written, [11, 20], longest=0)[0]) == [1]
    assert sorted(loads(written, [11, 20], longest=8)[0]) == [1, 2]


def test_looking_back_costs_rows_that_are_read_twice():
    written = [(key, key, key) for key in range(100)]

    assert loads(written, [50, 100], longest=0)[1] == 100
    assert loads(written, [50, 100], longest=10)[1] == 110


def test_a_load_that_finds_nothing_keeps_the_watermark():
    assert incremental_load(lambda since: [], {}, None, 5) == ({}, None, 0)
    assert incremental_load(lambda since: [], {}, 7, 5).watermark == 7


def test_the_watermark_never_goes_back():
    assert incremental_load(lambda since: [(1, 3, "old")], {}, 7, 5).watermark == 7


def test_the_table_that_was_given_is_left_alone():
    table = {1: (1, 1, "old")}
    incremental_load(lambda since: [(1, 2, "new")], table, 1, 0)

    assert table == {1: (1, 1, "old")}
