"""Does a virtual clock stand still until someone sleeps?"""

import math

import pytest

from course_lib.ingestion.clock import VirtualClock


def test_sleeping_moves_it_and_nothing_else_does():
    clock = VirtualClock(10)
    before = clock.now()
    clock.sleep(2.5)
    clock.sleep(0)

    assert (before, clock.now()) == (10.0, 12.5)


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_it_does_not_run_backwards(seconds: float):
    with pytest.raises(ValueError, match="runs backwards"):
        VirtualClock().sleep(seconds)
