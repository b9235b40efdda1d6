"""Which rules does a class have?

They stand in class.toml, which people write and `course` only reads:

    name = "Data pipelines, autumn"
    timezone = "Europe/Madrid"      times that say none (in a platform's zip) are in this one

    [late]                          what holds for every chapter
    grace_minutes = 15              nothing is taken off within these
    percent_per_day = 10            of the points earned, for every begun day after the deadline
    cut_off_days = 7                later than this: no points

    [chapters.01_introduction]      and what holds for one; it may say the three above anew
    deadline = 2026-11-30T23:59:00+01:00

Every mistake is an InputError that names the key and what it may be.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from course_lib.errors import InputError
from course_lib.grading.late_policy import Policy

EXAMPLE = """# The rules of this class. `course` reads this file with every command, and never writes it.

name = {name}
timezone = "UTC"  # of times that say none, such as those in a learning platform's zip: "Europe/Madrid"

[late]
grace_minutes = 15    # nothing is taken off within these
percent_per_day = 10  # of the points earned, for every begun day after the deadline
cut_off_days = 7      # later than this: no points

# A chapter without a deadline is never late. The time needs its offset from UTC.
#
# [chapters.01_introduction]
# deadline = 2026-11-30T23:59:00+01:00
# percent_per_day = 0
"""
_LATE = {"grace_minutes": (0, 1440 * 366), "percent_per_day": (0, 100), "cut_off_days": (0, 3660)}  # from, to
NO_POLICY = Policy()
_REMEDY = "Mend it and run the command again; the head of the file explains its keys."


@dataclass(frozen=True)
class ChapterRules:
    """What holds for a chapter."""

    deadline: datetime | None = None  # with its offset
    policy: Policy = NO_POLICY


@dataclass(frozen=True)
class Rules:
    """What holds in a class."""

    name: str = ""
    zone: tzinfo = UTC
    policy: Policy = NO_POLICY
    chapters: Mapping[str, ChapterRules] = field(default_factory=dict)

    def of(self, chapter: str) -> ChapterRules:
        """What holds for `chapter`; one that the file does not name has no deadline."""
        return self.chapters.get(chapter, ChapterRules(policy=self.policy))


def read_rules(path: Path, text: bytes) -> Rules:
    """The rules that `text`, read from `path`, holds. Raises InputError."""
    try:
        told = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not TOML: {error}", _REMEDY) from None
    _known(path, "", told, {"name", "timezone", "late", "chapters"})
    late = _table(path, "late", told.get("late", {}))
    policy = _policy(path, "late", late, NO_POLICY)
    chapters = {}
    for name, chapter in _table(path, "chapters", told.get("chapters", {})).items():
        where = f"chapters.{name}"
        table = dict(_table(path, where, chapter))
        deadline = table.pop("deadline", None)
        if deadline is not None and (not isinstance(deadline, datetime) or deadline.tzinfo is None):
            raise InputError(
                path,
                f"[{where}] deadline is {str(deadline)!r}, not a date and time with its offset from UTC",
                "Write it like 2026-11-30T23:59:00+01:00, without quotes.",
            )
        chapters[name] = ChapterRules(deadline, _policy(path, where, table, policy))
    return Rules(_text(path, "name", told.get("name", "")), _zone(path, told.get("timezone", "UTC")), policy, chapters)


def _policy(path: Path, where: str, told: Mapping[str, Any], base: Policy) -> Policy:
    _known(path, where, told, set(_LATE), extra={"deadline"} if where != "late" else set())
    for key, value in told.items():
        low, high = _LATE[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InputError(path, f"[{where}] {key} is {value!r}, not a number from {low} to {high}", _REMEDY)
    return replace(base, **{key: float(value) for key, value in told.items()})


def _known(path: Path, where: str, told: Mapping[str, Any], known: set[str], extra: Collection[str] = ()) -> None:
    unknown = sorted(told.keys() - known)
    if unknown:
        place = f"[{where}] " if where else ""
        keys = ", ".join(sorted(known.union(extra)))
        raise InputError(path, f"{place}{unknown[0]!r} is none of {keys}", _REMEDY)


def _table(path: Path, where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(path, f"{where} is {value!r}, not a table", f"Begin it with a line [{where}].")
    return value


def _text(path: Path, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(path, f"{key} is {value!r}, not text", _REMEDY)
    return value


def _zone(path: Path, name: Any) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(_text(path, "timezone", name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            path, f"timezone {name!r} is unknown here", 'Write it like "Europe/Madrid" or "UTC".'
        ) from None
