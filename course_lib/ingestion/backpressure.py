"""What happens to a queue when more comes in than goes out?

With arrivals at rate lambda and service at rate mu the queue grows by dQ/dt = lambda - mu, so a queue that is empty now
and has room for `capacity` is full after capacity / (lambda - mu). Then somebody pays, and the policy says who:

    drop       the queue is full: what comes is lost
    buffer     the queue has no end: memory grows, and with it the age of what is processed
    throttle   the source is stopped until there is room: it falls behind, and nothing is lost

Pure: a virtual clock, one server, service takes 1 / mu seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Policy = Literal["drop", "buffer", "throttle"]
POLICIES: tuple[Policy, ...] = ("drop", "buffer", "throttle")


class Outcome(NamedTuple):
    """What a run of the queue came to."""

    at: np.ndarray  # (m,) seconds: when the depth was looked at
    depth: np.ndarray  # (m,) waiting in the queue
    waiting: np.ndarray  # (m,) held back at the source
    processed: int
    dropped: int
    longest: float  # seconds from arrival to the end of service, the worst of those processed


def seconds_to_overflow(arrivals: float, service: float, capacity: int, depth: int = 0) -> float:
    """Seconds until a queue with `depth` waiting is full, at rates a second; infinity where it never is.

    >>> seconds_to_overflow(arrivals=12, service=10, capacity=100)
    50.0
    >>> seconds_to_overflow(arrivals=10, service=10, capacity=100)
    inf
    """
    growth = arrivals - service
    return max(capacity - depth, 0) / growth if growth > 0 else math.inf


def throughput(*rates: float) -> float:
    """What comes through stages one behind the other, each with its highest rate: as much as the slowest lets.

    >>> throughput(500.0, 120.0, 300.0)
    120.0
    """
    if not rates:
        raise ValueError("throughput of no stage: give the rates of source, network and sink")
    return min(rates)


def run(
    arrivals: Sequence[float] | np.ndarray, service: float, capacity: int, policy: Policy, step: float = 1.0
) -> Outcome:
    """The queue of one server that takes 1 / `service` seconds each, for `arrivals` (n,) sorted seconds.

    capacity   how many may wait in the queue, for all policies but "buffer"
    step       how often the depth is looked at, in seconds
    """
    if policy not in POLICIES or service <= 0 or capacity < 1:
        raise ValueError(f"policy {policy!r}, service {service}, capacity {capacity}: see this file's head")
    queue: deque[float] = deque()  # arrival times of those waiting
    source: deque[float] = deque()  # held back
    free, dropped, processed, longest = 0.0, 0, 0, 0.0
    looks: list[tuple[float, int, int]] = []
    limit = math.inf if policy == "buffer" else capacity
    coming = deque(float(at) for at in arrivals)
    end = coming[-1] if coming else 0.0
    now = look = 0.0

    def serve_until(moment: float) -> None:
        """Let the server finish what it can begin before `moment`."""
        nonlocal free, processed, longest
        while queue and max(free, queue[0]) < moment:
            begun = max(free, queue[0])
            free = begun + 1 / service
            processed += 1
            longest = max(longest, free - queue.popleft())
            while source and len(queue) < limit:
                queue.append(source.popleft())

    while coming or queue or source:
        now = min(coming[0] if coming else math.inf, look if look <= end else math.inf)
        if now == math.inf:
            serve_until(math.inf)
            break
        serve_until(now)
        if look <= end and look == now:
            looks.append((look, len(queue), len(source)))
            look += step
            continue
        at = coming.popleft()
        if source or (len(queue) >= limit):
            if policy == "throttle":
                source.append(at)
            else:
                dropped += 1
        else:
            queue.append(at)
    at_, depth, waiting = np.array(looks).T if looks else np.empty((3, 0))
    return Outcome(at_, depth.astype(int), waiting.astype(int), processed, dropped, longest)
