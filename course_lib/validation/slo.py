"""Was the promise about the data kept over the last weeks?

A service level objective says what is measured every day, which direction is good, the target of one day, and how many
of the days of a window have to meet it. The days that may miss are the budget. A day that was not measured is neither
met nor missed, and is told: a promise nobody measured was not kept.

The direction belongs to the objective. `value < target` as the test of a violation is right for completeness and
wrong for staleness, where it reports every good day and no bad one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from course_lib.validation.metrics import Share

Direction = Literal["at_least", "at_most"]


class Objective(NamedTuple):
    """What is asked of one daily measurement."""

    name: str
    direction: Direction  # of what is good: at_least for completeness, at_most for staleness
    target: float  # of one day, in the unit of the measurement
    share: float  # of the measured days of a window that have to meet the target, in (0, 1]
    window: int  # days
    meaning: str = ""


class Standing(NamedTuple):
    """An objective over one window."""

    of: Objective
    days: Share  # that met the target, of those that were measured
    unmeasured: int  # days of the window without a value
    budget: float  # days that may miss, of those that were measured
    spent: int  # days that missed

    @property
    def met(self) -> bool | None:
        """Whether the promise was kept; None where no day was measured."""
        return self.spent <= self.budget + 1e-9 if self.days.total else None

    @property
    def left(self) -> float:
        """Days that may still miss in this window; below zero, the days that missed too many."""
        return self.budget - self.spent


def meets(of: Objective, value: float | None) -> bool | None:
    """Whether one day met the target; None where nothing was measured.

    >>> stale = Objective("staleness", "at_most", 7200.0, 0.9, 28)
    >>> meets(stale, 3600.0), meets(stale, 7200.0), meets(stale, 9000.0), meets(stale, None)
    (True, True, False, None)
    """
    if of.direction not in ("at_least", "at_most"):
        raise ValueError(f"{of.name}: direction {of.direction!r} is neither 'at_least' nor 'at_most'")
    if value is None or math.isnan(value):
        return None
    return value >= of.target if of.direction == "at_least" else value <= of.target


def standing(of: Objective, values: Sequence[float | None]) -> Standing:
    """How the objective stands after the last of `values`, one a day, oldest first; only the last window counts."""
    if not 0 < of.share <= 1 or of.window < 1:
        raise ValueError(f"{of.name}: a share of {of.share} of {of.window} days is no promise")
    days = [meets(of, value) for value in values[-of.window :]]
    measured = [day for day in days if day is not None]
    good = sum(measured)
    return Standing(
        of=of,
        days=Share(good, len(measured)),
        unmeasured=len(days) - len(measured),
        budget=(1 - of.share) * len(measured),
        spent=len(measured) - good,
    )


def table(objectives: Iterable[Objective], history: dict[str, Sequence[float | None]]) -> list[Standing]:
    """Every objective with its standing, in the order given; one without a history is not measured."""
    return [standing(objective, history.get(objective.name, ())) for objective in objectives]
