"""What does a week look like in which something goes wrong nearly every day?

FAULTS says what happens on which day. It is the same for every pipeline: what each serves, and how often it needs
a person, tells them apart. A day's delivery is anything with a length and slices, such as a list of rows.
Nothing here waits or is left to chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKEND = ("Sat", "Sun")
FAULTS = {
    "Mon": "none",
    "Tue": "the source times out, once",
    "Wed": "the scheduler fires twice",
    "Thu": "the first delivery is cut short",
    "Fri": "the source has given a column another name",
    "Sat": "the run is killed half-way through writing",
    "Sun": "none, but it is the weekend",
}

Verdict = Literal["right", "wrong", "missing"]


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it, as none would see a power cut."""


class Outcome(NamedTuple):
    """One day as the readers of the number saw it."""

    day: str
    served: int | None  # None where the pipeline serves nothing for the day
    true: int
    told: str  # what a person was called with; empty when nobody was

    @property
    def verdict(self) -> Verdict:
        """Whether the number that was served is the true one."""
        if self.served is None:
            return "missing"
        return "right" if self.served == self.true else "wrong"


class BadWeek:
    """A source, a disk and a scheduler that fail by plan; each fault comes once."""

    def __init__(self, deliveries: Mapping[str, Any], rename: Callable[[Any], Any]):
        """deliveries: what the source has of each of DAYS; rename: how Friday's delivery comes instead."""
        self._deliveries = dict(deliveries)
        self._rename = rename
        self._fetched = dict.fromkeys(DAYS, 0)
        self._written = dict.fromkeys(DAYS, 0)

    def fetch(self, day: str) -> Any:
        """The delivery of `day`, as the source gives it now. Raises TimeoutError on Tuesday's first call."""
        self._fetched[day] += 1
        first, delivery = self._fetched[day] == 1, self._deliveries[day]
        if day == "Tue" and first:
            raise TimeoutError("the source did not answer within 30 s")
        if day == "Thu" and first:
            return delivery[: len(delivery) // 2]
        return self._rename(delivery) if day == "Fri" else delivery

    def write(self, day: str, values: Any) -> Iterator[Any]:
        """The `values` in two halves, to be written one after the other; Killed between them on Saturday's first."""
        self._written[day] += 1
        yield values[: len(values) // 2]
        if day == "Sat" and self._written[day] == 1:
            raise Killed("the machine was restarted")
        yield values[len(values) // 2 :]

    def live(self, run: Callable[[str], object], serve: Callable[[str], int | None], *, scheduled: bool = True,
             restarted: bool = False) -> list[Outcome]:  # fmt: skip
        """Let a pipeline live through the week.

        run        makes the number of a day
        serve      the number that the readers see for a day afterwards, None if there is none
        scheduled  it is started every night, on Wednesday twice; otherwise by a person, who has the weekend off
        restarted  a run that was killed is started once more
        """
        outcomes = []
        for day in DAYS:
            starts = (2 if day == "Wed" else 1) if scheduled else int(day not in WEEKEND)
            told = [self._run(run, day, restarted) for _ in range(starts)]
            outcomes.append(Outcome(day, serve(day), len(self._deliveries[day]), next(filter(None, told), "")))
        return outcomes

    @staticmethod
    def _run(run: Callable[[str], object], day: str, restarted: bool) -> str:
        """What a person has to be told about one run; empty where nothing."""
        try:
            run(day)
        except Killed as killed:
            return BadWeek._run(run, day, False) if restarted else f"Killed: {killed}"
        except Exception as error:  # whatever it is, a person is woken with its words
            return f"{type(error).__name__}: {error}"
        return ""
