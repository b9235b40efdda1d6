"""What does it cost to hand in late?

A begun day after the deadline (the learner's own, where there is an extension) costs some per cent of the points
earned. Within the grace nothing is lost; after it, days count from the deadline itself. Past the cut-off all points are
lost.
Pure: the clock is read by whoever calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DAY = 86_400  # s


@dataclass(frozen=True)
class Policy:
    """How lateness costs."""

    grace_minutes: float = 0.0
    percent_per_day: float = 0.0  # of the points earned
    cut_off_days: float | None = None  # None: never


def days_late(policy: Policy, seconds: float) -> int:
    """Begun days that count, for a hand-in `seconds` after the deadline.

    >>> [days_late(Policy(grace_minutes=15), s) for s in (-5, 0, 900, 901, 86_400, 86_401)]
    [0, 0, 0, 1, 1, 2]
    """
    return 0 if seconds <= policy.grace_minutes * 60 else math.ceil(seconds / DAY)


def penalty(policy: Policy, points: float, seconds: float) -> float:
    """What is taken off `points` for a hand-in `seconds` late: from 0 to all of them, to the hundredth.

    >>> policy = Policy(grace_minutes=15, percent_per_day=10, cut_off_days=7)
    >>> [penalty(policy, 85, s) for s in (0, 900, 901, 2 * DAY, 7 * DAY, 7 * DAY + 1)]
    [0.0, 0.0, 8.5, 17.0, 59.5, 85.0]
    """
    days = days_late(policy, seconds)
    if not days or points <= 0:
        return 0.0
    if policy.cut_off_days is not None and seconds > policy.cut_off_days * DAY:
        return float(points)
    part = Decimal(str(points)) * Decimal(str(policy.percent_per_day)) * days / 100
    return min(float(part.quantize(Decimal("0.01"), ROUND_HALF_UP)), float(points))


def in_words(policy: Policy) -> str:
    """The policy as a sentence.

    >>> in_words(Policy(15, 10, 7))
    '10 % of the points earned for every begun day, none within 15 minutes, all of them after 7 days'
    >>> in_words(Policy())
    'nothing'
    """
    parts = []
    if policy.percent_per_day:
        parts.append(f"{policy.percent_per_day:g} % of the points earned for every begun day")
    if policy.grace_minutes and (policy.percent_per_day or policy.cut_off_days is not None):
        parts.append(f"none within {policy.grace_minutes:g} minutes")
    if policy.cut_off_days is not None:
        parts.append(f"all of them after {policy.cut_off_days:g} days")
    return ", ".join(parts) or "nothing"
