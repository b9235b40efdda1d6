"""When should a daily number wake somebody?

A monitor is told one value a day and answers with an alarm or without. It is judged like a fire detector, by two
numbers that pull against each other: how many days pass between a change and the first alarm (delay), and how many
alarms ring while nothing has changed (false alarms). The clock is the sequence: `update` is called once for each day.

    WeekOverWeek   more than a share away from the same day a week ago; the habit of dashboards
    Threshold      more than k standard deviations away from the usual; sees large changes at once and small ones never
    Cusum          adds up what is left of small deviations; sees a small change that stays

Sources: Shewhart, "Economic control of quality of manufactured product" (1931); Page, "Continuous inspection schemes"
(1954) for the cumulative sum; run lengths by Montgomery, "Introduction to statistical quality control", chapter 9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

WEEK = 7  # days


class Monitor(Protocol):
    """Told a value a day, in order."""

    def update(self, value: float) -> bool:
        """Whether this day rings an alarm."""


@dataclass(frozen=True)
class Usual:
    """What is usual: the mean of each day of the period, and the spread around it."""

    means: np.ndarray  # (period,)
    spread: float  # standard deviation of a day around the mean of its kind

    def scaled(self, day: int, value: float) -> float:
        """How many standard deviations `value` lies above what is usual on `day`, counted from the history's start."""
        return (value - float(self.means[day % len(self.means)])) / self.spread


def usual(history: Sequence[float], period: int = WEEK) -> Usual:
    """What `history` (n,), one value a day without a change in it, says is usual.

    Raises ValueError: less than two periods, values that are not finite, or no spread.
    """
    values = np.asarray(history, float)
    if len(values) < 2 * period or not np.isfinite(values).all():
        raise ValueError(f"{len(values)} days tell too little of a period of {period}: give at least two, all measured")
    phase = np.arange(len(values)) % period
    means = np.bincount(phase, values) / np.bincount(phase)
    left = values - means[phase]
    spread = float(np.sqrt((left**2).sum() / (len(values) - period)))  # the means took `period` degrees of freedom
    if spread == 0:
        raise ValueError("the history does not vary at all: any difference would be infinitely large")
    return Usual(means, spread)


class WeekOverWeek:
    """Rings when a value is more than `share` away from that of a week ago; the first days compare with history."""

    def __init__(self, history: Sequence[float], share: float = 0.1):
        self.share = share
        self._week = list(history[-WEEK:])

    def update(self, value: float) -> bool:
        before = self._week.pop(0) if len(self._week) == WEEK else None
        self._week.append(value)
        return before is not None and abs(value - before) > self.share * abs(before)


class Threshold:
    """Rings when a value is more than `limit` standard deviations from what is usual for its day of the week."""

    def __init__(self, history: Sequence[float], limit: float = 3.0):
        self.limit = limit
        self._usual, self._day = usual(history), len(history)

    def update(self, value: float) -> bool:
        away = self._usual.scaled(self._day, value)
        self._day += 1
        return abs(away) > self.limit


class Cusum:
    """Rings when deviations in one direction have added up to more than `limit`; starts again from 0 after an alarm.

    slack  what a day may deviate without adding up, in standard deviations: half of the change that matters
    limit  with slack 0.5 and limit 5, about 465 days pass between false alarms and 10 until a change of 1 is seen
    """

    def __init__(self, history: Sequence[float], slack: float = 0.5, limit: float = 5.0):
        self.slack, self.limit = slack, limit
        self._usual, self._day = usual(history), len(history)
        self.above = self.below = 0.0  # what has added up on either side

    def update(self, value: float) -> bool:
        away = self._usual.scaled(self._day, value)
        self._day += 1
        self.above = max(0.0, self.above + away - self.slack)
        self.below = max(0.0, self.below - away - self.slack)
        rings = max(self.above, self.below) > self.limit
        if rings:
            self.above = self.below = 0.0
        return rings


class Trial(NamedTuple):
    """How a monitor did on one stream."""

    false_alarms: int  # before the change
    quiet_days: int  # in which they could have rung
    delay: int | None  # days from the change to the first alarm on or after it, 0 on the day itself; None: never


def trial(make: Callable[[Sequence[float]], Monitor], history: Sequence[float], stream: Sequence[float],
          change_at: int | None = None) -> Trial:  # fmt: skip
    """A new monitor over `stream`, which changes at its day `change_at` (None: not at all)."""
    monitor = make(history)
    rang = [day for day, value in enumerate(stream) if monitor.update(value)]
    quiet = len(stream) if change_at is None else change_at
    after = [day - quiet for day in rang if day >= quiet]
    return Trial(sum(day < quiet for day in rang), quiet, after[0] if after and change_at is not None else None)
