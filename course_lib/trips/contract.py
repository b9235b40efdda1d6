"""What is a good trip?

The contract is data: each rule has a name (the reason in quarantine), a severity, and a check that says which
values break it. Errors send a row to quarantine, warnings are counted and the row is kept. Three promises
hold for every rule:

- a null breaks no rule but `required_null`;
- a field that a file's header version does not publish breaks no rule of that file;
- every rule is judged on every row read, so a row has all its reasons, not the first.

A new rule of a kind that exists is one line in RULES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from course_lib.trips.schema import FIELDS, METRES_PER_MILE

VERSION = "2024.1"

HOUR = 3_600  # s
FAR = round(100 * METRES_PER_MILE)  # 100 miles in whole metres


@dataclass(frozen=True)
class Unparseable:
    """The whole line could not be read."""


@dataclass(frozen=True)
class OutsideType:
    """A published value could not be read, or lies outside its field's type."""


@dataclass(frozen=True)
class RequiredNull:
    """A required field was published empty."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class Below:
    """The value is smaller than `bound`."""

    field: str
    bound: int


@dataclass(frozen=True)
class Above:
    """The value is larger than `bound`."""

    field: str
    bound: int


@dataclass(frozen=True)
class Equals:
    """The value is `value`."""

    field: str
    value: int


@dataclass(frozen=True)
class GapBelow:
    """Fewer than `seconds` lie between `start` and `end`."""

    start: str
    end: str
    seconds: int


@dataclass(frozen=True)
class GapAbove:
    """More than `seconds` lie between `start` and `end`."""

    start: str
    end: str
    seconds: int


@dataclass(frozen=True)
class AnyNull:
    """One of the published fields is empty."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class AllNull:
    """All of the fields are empty; they must all be published."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class OutsideMonth:
    """The time lies outside the month in the file's name."""

    field: str


@dataclass(frozen=True)
class Twin:
    """Judged against the other trips with the same service, times, zones and distance (validation/twins.py)."""

    fields: tuple[str, ...] = ("pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")


Check = (
    Unparseable
    | OutsideType
    | RequiredNull
    | Below
    | Above
    | Equals
    | GapBelow
    | GapAbove
    | AnyNull
    | AllNull
    | OutsideMonth
    | Twin
)


class Rule(NamedTuple):
    """One promise about a trip."""

    name: str  # the reason in quarantine, the key in run.json
    severity: Literal["error", "warning"]
    check: Check
    meaning: str  # for people


RULES: tuple[Rule, ...] = (
    Rule("unparseable_line", "error", Unparseable(), "the line cannot be read as a record of its file"),
    Rule(
        "required_null",
        "error",
        RequiredNull(tuple(field.name for field in FIELDS if field.required)),
        "a required field is empty",
    ),
    Rule("outside_type", "error", OutsideType(), "a value cannot be read, or is impossible for its field"),
    Rule("dropoff_not_after_pickup", "error", GapBelow("pickup_at", "dropoff_at", 1), "ends before or as it starts"),
    Rule("longer_than_23h", "error", GapAbove("pickup_at", "dropoff_at", 23 * HOUR), "lasts longer than 23 hours"),
    Rule("refund", "error", Twin(), "negative fare, and a trip with the same times, zones and distance was paid"),
    Rule("negative_fare", "error", Below("fare_cents", 0), "negative fare, and nothing shows what it refunds"),
    Rule("distance_not_positive", "error", Below("distance_m", 1), "covers no distance"),
    Rule("distance_over_100_miles", "error", Above("distance_m", FAR), "covers more than 100 miles"),
    Rule("unknown_zone", "warning", AnyNull(("pickup_zone", "dropoff_zone")), "pickup or dropoff zone is unknown"),
    Rule("zero_fare", "warning", Equals("fare_cents", 0), "the fare is zero"),
    Rule("no_passengers", "warning", Equals("passengers", 0), "the driver entered no passengers"),
    Rule(
        "codes_all_null",
        "warning",
        AllNull(("vendor_id", "rate_code", "payment_type", "passengers")),
        "vendor, rate, payment and passengers are all empty",
    ),
    Rule("outside_month", "warning", OutsideMonth("pickup_at"), "the pickup lies outside the file's month"),
    Rule("shared_trip", "warning", Twin(), "another trip has the same service, times, zones and distance"),
    Rule("refunded", "warning", Twin(), "its refund was quarantined"),
)

BIT = {rule.name: bit for bit, rule in enumerate(RULES)}
ERRORS = sum(1 << BIT[rule.name] for rule in RULES if rule.severity == "error")
ERROR_NAMES = tuple(rule.name for rule in RULES if rule.severity == "error")
WARNING_NAMES = tuple(rule.name for rule in RULES if rule.severity == "warning")
