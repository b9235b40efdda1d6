"""May this request pass now, and if not, when?

A bucket holds at most `capacity` tokens and gains `rate` of them a second. A request takes as many as it costs, or
waits until they are there. Over any T seconds at most capacity + rate * T pass: that is the promise, and the tests
hold it. Source: ITU-T Recommendation I.371 (the same rule as "generic cell rate algorithm").

Pure: the time is an argument. Times are whole milliseconds and tokens are counted in thousandths, because a rate of r
tokens a second is then exactly r thousandths a millisecond: nothing is ever rounded.

>>> bucket = full(capacity=2)
>>> for now in (0, 0, 0, 500):
...     bucket, wait = take(bucket, now, rate=2, capacity=2)
...     print(now, wait)
0 0
0 0
0 500
500 0
"""

from __future__ import annotations

from typing import NamedTuple

THOUSANDTHS = 1000


class Bucket(NamedTuple):
    """What is in the bucket, and since when we know."""

    thousandths: int  # of tokens
    at: int  # milliseconds


def full(capacity: int, now: int = 0) -> Bucket:
    """A bucket that holds all it can, at `now` ms."""
    return Bucket(capacity * THOUSANDTHS, now)


def take(bucket: Bucket, now: int, rate: int, capacity: int, cost: int = 1) -> tuple[Bucket, int]:
    """The bucket after a request of `cost` tokens at `now` ms, and the ms to wait: 0 where the request passed.

    A request that has to wait takes nothing; asked again after the wait, it passes. A clock that went backwards adds
    nothing until it is back where it was, and the wait lasts at least so long. rate is in tokens a second. Raises
    ValueError for a cost that no wait can meet, and for a rate, a capacity or a cost that is not positive.
    """
    if min(rate, capacity, cost) <= 0:
        raise ValueError(f"rate {rate}, capacity {capacity} and cost {cost} must be positive")
    if cost > capacity:
        raise ValueError(f"a request of {cost} tokens never fits a bucket of {capacity}: split it")
    passed = max(now - bucket.at, 0)
    inside = min(bucket.thousandths + passed * rate, capacity * THOUSANDTHS)
    later = max(now, bucket.at)
    lacking = cost * THOUSANDTHS - inside
    if lacking <= 0:
        return Bucket(-lacking, later), 0
    return Bucket(inside, later), later - now - (-lacking // rate)
