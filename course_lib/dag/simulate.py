"""What happens to items that pass through stages, one after the other, when they come as they come?

A discrete-event simulation on a virtual clock. Each stage has its workers and a queue without limit, first come first
served; an item that leaves a stage arrives at the next at the same moment. Times are seconds; the caller brings arrival
and service times, so there is no chance in here.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Passage(NamedTuple):
    """When n items were where: arrays [item, stage], items in the order of their arrival at the first stage."""

    arrived: Floats  # at the stage's queue
    began: Floats  # to be worked on
    ended: Floats

    @property
    def queued(self) -> Floats:
        """Seconds that each item waited, by stage."""
        return self.began - self.arrived

    @property
    def served(self) -> Floats:
        """Seconds that each item was worked on, by stage."""
        return self.ended - self.began

    @property
    def latency(self) -> Floats:
        """Seconds from each item's arrival to its departure: all it was worked on, and all it waited."""
        return self.ended[:, -1] - self.arrived[:, 0]


def run(arrivals: Floats, service: Floats, workers: Sequence[int]) -> Passage:
    """Let items pass through the stages.

    arrivals   (n)     seconds, in any order
    service    (n, k)  seconds that each stage works on each item; or (k), the same for all items
    workers    (k)     of each stage, from 1 up

    Raises ValueError.

    >>> run(np.array([0.0, 1.0]), np.array([[3.0], [2.0]]), [1]).queued.ravel().tolist()  # the second waits until 3
    [0.0, 2.0]
    """
    arrivals = np.asarray(arrivals, np.float64)
    items, stages = len(arrivals), len(workers)
    try:
        needed = np.broadcast_to(np.asarray(service, np.float64), (items, stages))
    except ValueError as error:
        shape = np.shape(service)
        raise ValueError(f"service is {shape}; {items} items and {stages} stages need {(items, stages)}") from error
    if not stages or min(workers) < 1 or not (needed >= 0).all() or not np.isfinite(arrivals).all():
        raise ValueError("give at least one stage, one worker in each, service times from 0 up, finite arrivals")
    arrived, began, ended = np.empty((3, items, stages))
    at = arrivals
    for stage, count in enumerate(workers):
        arrived[:, stage] = at
        free = [-np.inf] * count  # when each worker is free again
        for item in np.lexsort((arrivals, at)).tolist():  # of two that come at once, who came first to the first stage
            start = max(at[item], heapq.heappop(free))
            began[item, stage] = start
            ended[item, stage] = start + needed[item, stage]
            heapq.heappush(free, ended[item, stage])
        at = ended[:, stage]
    first = np.argsort(arrivals, kind="stable")
    return Passage(arrived[first], began[first], ended[first])


class Little(NamedTuple):
    """The three quantities of Little's law, measured in one window."""

    under_way: float  # L: items in the system, the average over time
    rate: float  # lambda: items that arrived per second
    seconds: float  # W: time in the system of the items that arrived, on average


def measure(arrived: Floats, left: Floats, start: float, end: float) -> Little:
    """L, lambda and W of the window [start, end), each measured by itself.

    L counts every item by the part of its stay that lies in the window; lambda and W are of the items that arrived in
    it, wherever they left. So L = lambda W holds exactly where nothing is under way at both ends, and else up to the
    items that cross them.

    >>> measure(np.array([0.0, 2.0]), np.array([3.0, 8.0]), 0, 10)
    Little(under_way=0.9, rate=0.2, seconds=4.5)
    """
    if not end > start:
        raise ValueError(f"the window from {start} to {end} is empty: let it end after it starts")
    inside = np.clip(left, start, end) - np.clip(arrived, start, end)
    mine = (arrived >= start) & (arrived < end)
    count = int(mine.sum())
    stay = float((left[mine] - arrived[mine]).mean()) if count else 0.0
    return Little(float(inside.sum()) / (end - start), count / (end - start), stay)


def waiting(passage: Passage, stage: int, at: Floats) -> npt.NDArray[np.int64]:
    """How many items stand in the queue of `stage` at each of the times `at`."""
    came = np.searchsorted(np.sort(passage.arrived[:, stage]), at, side="right")
    went = np.searchsorted(np.sort(passage.began[:, stage]), at, side="right")
    return came - went
