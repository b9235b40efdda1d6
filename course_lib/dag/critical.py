"""Which steps decide how long a run takes, and how much may the others dawdle?

With workers enough, a run takes as long as its longest chain of steps. Only a step on that chain makes the run
shorter when it gets faster; every other has slack. Times are seconds.

Source: Kelley and Walker, "Critical-path planning and scheduling" (1959).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from course_lib.dag.graph import Needs, feeds, order, whole


class Timing(NamedTuple):
    """When a step runs if all start as early as they can."""

    start: float  # s from the beginning of the run
    end: float  # s
    slack: float  # s that it may take longer, or start later, without the run ending later


def timings(needs: Needs, seconds: Mapping[str, float]) -> dict[str, Timing]:
    """The timing of each step, in an order in which they can run.

    needs     the graph of steps
    seconds   how long each takes

    Raises graph.Cycle; ValueError for a step whose seconds are missing or negative.

    >>> timings({"gold": ["silver"], "report": ["silver"]}, {"silver": 3, "gold": 2, "report": 1})["report"]
    Timing(start=3.0, end=4.0, slack=1.0)
    """
    every, after = whole(needs), feeds(needs)
    for step in sorted(every):
        if not seconds.get(step, -1) >= 0:
            raise ValueError(f"step {step!r} takes {seconds.get(step)} seconds: give a number from 0 up")
    steps = order(every)
    end: dict[str, float] = {}
    for step in steps:
        end[step] = max((end[before] for before in every[step]), default=0.0) + seconds[step]
    whole_run = max(end.values(), default=0.0)
    latest: dict[str, float] = {}  # end that does not delay the run
    for step in reversed(steps):
        latest[step] = min((latest[later] - seconds[later] for later in after[step]), default=whole_run)
    return {step: Timing(end[step] - seconds[step], end[step], latest[step] - end[step]) for step in steps}


def makespan(needs: Needs, seconds: Mapping[str, float]) -> float:
    """How long a run takes with workers enough: the length of its longest chain.

    >>> makespan({"gold": ["silver"], "report": ["silver"]}, {"silver": 3, "gold": 2, "report": 1})
    5.0
    """
    return max((timing.end for timing in timings(needs, seconds).values()), default=0.0)


def critical_path(needs: Needs, seconds: Mapping[str, float]) -> list[str]:
    """The longest chain of steps, from the first to the last; of equally long ones that whose names sort first.

    >>> critical_path({"gold": ["silver"], "report": ["silver"]}, {"silver": 3, "gold": 2, "report": 1})
    ['silver', 'gold']
    """
    every, timed = whole(needs), timings(needs, seconds)
    if not timed:
        return []
    last = max(timing.end for timing in timed.values())
    chain = [min(step for step, timing in timed.items() if timing.end == last)]
    while every[chain[-1]]:
        begins = max(timed[step].end for step in every[chain[-1]])  # it began when the last of these had ended
        chain.append(min(step for step in every[chain[-1]] if timed[step].end == begins))
    return chain[::-1]


def latency(service: Sequence[float], queue: Sequence[float]) -> float:
    """From an item's arrival to its departure: the sum of what it is worked on and what it waits, in s, stage by stage.

    >>> latency([1.0, 4.0], queue=[0.0, 12.5])
    17.5
    """
    if len(service) != len(queue):
        raise ValueError(f"{len(service)} service times and {len(queue)} queue times: each stage has one of both")
    return float(sum(service) + sum(queue))
