"""How much gets through a chain of stages, where does it jam, and how much is under way?

    throughput      = min over stages of workers / service time     (the bottleneck's)
    utilisation     = arrival rate * service time / workers          (of a stage; at 1 its queue never ends)
    items under way = arrival rate * time in the system              (L = lambda W: Little's law)

Rates are items per second, times are seconds.

Source: Little, "A proof for the queuing formula L = lambda W" (1961); Erlang (1917) for the waiting time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_lib.dag.stage import Stage


def rate(stage: Stage) -> float:
    """The arrivals at the pipeline, per second, that the stage can keep up with; without limit where it has no work.

    >>> rate(Stage("parse", 0.5)), rate(Stage("mend", 4.0, workers=2, share=0.25))
    (2.0, 2.0)
    """
    work = stage.service_s * stage.share
    return stage.workers / work if work else math.inf


def throughput(stages: Sequence[Stage]) -> float:
    """Items per second that get through all `stages`, however many arrive. Raises ValueError.

    >>> throughput([Stage("parse", 0.5), Stage("look up", 4.0, workers=2)])
    0.5
    """
    return rate(bottleneck(stages))


def bottleneck(stages: Sequence[Stage]) -> Stage:
    """The stage with the lowest rate; of equally slow ones the first. Raises ValueError.

    >>> bottleneck([Stage("parse", 0.5), Stage("look up", 4.0, workers=2)]).name
    'look up'
    """
    if not stages:
        raise ValueError("no stages: a pipeline has at least one")
    for stage in stages:
        if not (stage.service_s >= 0 and stage.workers >= 1 and stage.share >= 0):
            raise ValueError(f"{stage}: service_s and share are from 0 up, workers from 1 up")
    return min(stages, key=rate)


def utilisation(stage: Stage, arrivals: float) -> float:
    """The share of time that the stage's workers are busy with that many `arrivals` at the pipeline per second.

    Above 1 the stage falls behind.

    >>> utilisation(Stage("look up", 4.0, workers=2), arrivals=0.25)
    0.5
    """
    return arrivals * stage.share * stage.service_s / stage.workers


def workers_for(service_s: float, arrivals: float, most: float = 0.8) -> int:
    """The workers that a stage needs to be busy no more than the share `most` of the time.

    >>> workers_for(4.0, arrivals=1.0), workers_for(4.0, arrivals=1.0, most=1.0)
    (5, 4)
    """
    if not 0 < most <= 1:
        raise ValueError(f"most is {most}: give a share above 0 and up to 1")
    return max(1, math.ceil(round(arrivals * service_s / most, 9)))


def under_way(arrivals: float, seconds: float) -> float:
    """L = lambda W: items in a system that each spends `seconds` in, when so many arrive (and leave) per second.

    >>> under_way(arrivals=0.25, seconds=600)
    150.0
    """
    return arrivals * seconds


def queue_time(stage: Stage, arrivals: float) -> float:
    """Seconds that an item waits on average for a worker, where arrivals and service times are exponential (M/M/c).

    Infinite from a utilisation of 1 on. For one worker it is service_s * u / (1 - u).

    >>> queue_time(Stage("look up", 4.0), arrivals=0.125), queue_time(Stage("look up", 4.0), arrivals=0.25)
    (4.0, inf)
    """
    offered = arrivals * stage.share * stage.service_s  # workers' worth of work that arrives
    busy = offered / stage.workers
    if busy >= 1:
        return math.inf
    blocked = 1.0  # Erlang B, worker by worker: B(c) = a B(c-1) / (c + a B(c-1))
    for count in range(1, stage.workers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    waits = blocked / (1 - busy * (1 - blocked))  # Erlang C: the share of items that find all workers busy
    return waits * stage.service_s / (stage.workers * (1 - busy))
