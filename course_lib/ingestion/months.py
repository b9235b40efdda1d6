"""Which months of trips are there to be had?

The TLC publishes one file a service and month, about two months after the month has ended. A month is "YYYY-MM",
so months sort as text. Nothing here reads a clock: this month is an argument.
"""

from __future__ import annotations

import re

from course_lib.errors import BadArgument

FIRST = {"yellow": "2009-01", "green": "2013-08", "fhv": "2015-01", "fhvhv": "2019-02"}  # the TLC's first files
DELAY = 2  # months from the end of a month to its publication, about

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"[0-9]{4}")


def parse_months(text: str) -> list[str]:
    """The months that `text` names: a month, a year, a range of either, or several of these after commas.

    >>> parse_months("2024-01")
    ['2024-01']
    >>> parse_months("2023-11..2024-02")  # both ends belong
    ['2023-11', '2023-12', '2024-01', '2024-02']
    >>> len(parse_months("2019..2020")), parse_months("2024-03, 2024-01,2024-03")  # sorted, each once
    (24, ['2024-01', '2024-03'])

    Raises BadArgument where a piece names no month or a range runs backwards.
    """
    found: set[str] = set()
    for piece in text.split(","):
        ends = [end.strip() for end in piece.split("..")]
        if len(ends) > 2 or not all(_MONTH.fullmatch(end) or _YEAR.fullmatch(end) for end in ends):
            raise BadArgument(f"{piece.strip()!r} names no month: write 2024-01, 2024-01..2024-03 or 2024")
        first = ends[0] if _MONTH.fullmatch(ends[0]) else f"{ends[0]}-01"
        last = ends[-1] if _MONTH.fullmatch(ends[-1]) else f"{ends[-1]}-12"
        if last < first:
            raise BadArgument(f"{piece.strip()!r} runs backwards: write the earlier month first")
        found.update(_named(number) for number in range(_number(first), _number(last) + 1))
    return sorted(found)


def impossible(service: str, month: str, this_month: str | None) -> str | None:
    """Why no file of `service` can exist for `month`, before anyone is asked; None where one may.

    >>> impossible("green", "2013-07", "2026-11")
    'green trips are published from 2013-08 on'
    >>> impossible("green", "2026-11", "2026-11")
    '2026-11 has not ended'
    >>> impossible("green", "2026-10", "2026-11")  # may be out early: ask

    Raises BadArgument for a service that the TLC does not have.
    """
    if service not in FIRST:
        raise BadArgument(f"there is no service {service!r}: choose one of {', '.join(FIRST)}")
    if month < FIRST[service]:
        return f"{service} trips are published from {FIRST[service]} on"
    if this_month is not None and month >= this_month:
        return f"{month} has not ended"
    return None


def rule(service: str, this_month: str | None) -> str:
    """A sentence that says which months of `service` to ask for.

    >>> rule("green", "2026-11")
    'Months of green run from 2013-08 to about 2026-08: each is published about 2 months after it has ended.'
    """
    until = f" to about {_named(_number(this_month) - 1 - DELAY)}" if this_month else ""
    return (
        f"Months of {service} run from {FIRST[service]}{until}: "
        f"each is published about {DELAY} months after it has ended."
    )


def _number(month: str) -> int:
    """Months since the year 0."""
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _named(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
