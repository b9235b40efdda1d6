"""What is broken in the generated trips, how often, and who should notice?

A generator that knows which rows it broke can grade validation: each broken row has exactly one kind, written to a
ground-truth table. Four families:

    own         one row, broken by itself
    tail        the block at the end of a file whose codes are null
    following   a row that repeats another one of the same file: its partner, which lies before it, within 64 rows,
                and is clean
    last file   a correction of a clean row of the previous month's file, at the same place in it

Partners are found without a search: rows stand in windows of 64, the second half of a window follows the first, and
the window's mask says who follows whom (`number ^ mask`). That is one-to-one, so no row has two followers, and it
needs no row but the two. Only the second half reaches back to the last file, too, so that no row is followed and
corrected. A row drawn to follow one that is not clean stays clean itself; `plan` makes up for it, so that the stated
rates are shares of all rows: of the files after the first for late corrections, as long as the last file is no shorter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from course_lib.errors import BadArgument
from course_lib.trips import draws

WINDOW = 64
HALF = WINDOW // 2


class Family(Enum):
    """Where a broken row takes its values from."""

    OWN = "own"
    TAIL = "tail"  # a block at the end of the file
    FOLLOWING = "following"
    LAST_FILE = "last file"


class Defect(NamedTuple):
    """One kind of broken row."""

    kind: str
    family: Family
    rate: float  # by default, of all rows
    rule: str  # of contract.py, that should find it; DISPLACED: an older version gives way; "": nothing finds it
    what: str


DISPLACED = "newest per trip_id"

DEFECTS = (
    Defect("missing_pickup", Family.OWN, 0.002, "required_null", "pickup_at is null"),
    Defect("dropoff_before_pickup", Family.OWN, 0.001, "dropoff_not_after_pickup", "dropoff up to 1 h before pickup"),
    Defect("zero_duration", Family.OWN, 0.002, "dropoff_not_after_pickup", "dropoff at pickup"),
    Defect("too_long", Family.OWN, 0.002, "longer_than_23h", "dropoff 23 to 24 h after pickup"),
    Defect("negative_fare", Family.OWN, 0.001, "negative_fare", "all amounts negative, no positive twin"),
    Defect("zero_distance", Family.OWN, 0.006, "distance_not_positive", "distance_m is 0"),
    Defect("too_far", Family.OWN, 0.0005, "distance_over_100_miles", "100 to 751 miles"),
    Defect("zone_out_of_range", Family.OWN, 0.0005, "outside_type", "pickup_zone is 999"),
    Defect("unknown_pickup_zone", Family.OWN, 0.003, "unknown_zone", "pickup_zone is null"),
    Defect("unknown_dropoff_zone", Family.OWN, 0.006, "unknown_zone", "dropoff_zone is null"),
    Defect("zero_fare", Family.OWN, 0.003, "zero_fare", "fare_cents and tip_cents are 0"),
    Defect("no_passengers", Family.OWN, 0.003, "no_passengers", "passengers is 0"),
    Defect("wrong_month", Family.OWN, 0.0002, "outside_month", "a clock reset to the first week of 2003"),
    Defect("late", Family.OWN, 0.005, "outside_month", "picked up in the last week before the file's month"),
    Defect("total_mismatch", Family.OWN, 0.001, "", "total_cents is up to 10.24 dollars over the sum of its parts"),
    Defect("codes_null", Family.TAIL, 0.02, "codes_all_null", "vendor, rate, payment and passengers are null"),
    Defect("refund", Family.FOLLOWING, 0.002, "refund", "the negative twin of a positive row, with an id of its own"),
    Defect("shared", Family.FOLLOWING, 0.002, "shared_trip", "the same trip by another vendor, with an id of its own"),
    Defect("duplicate", Family.FOLLOWING, 0.003, DISPLACED, "an exact copy of a row of the same file"),
    Defect("correction", Family.FOLLOWING, 0.004, DISPLACED, "same id, updated later: dropoff, fare and tip grew"),
    Defect("bad_correction", Family.FOLLOWING, 0.0003, "distance_not_positive", "a correction with distance 0"),
    Defect("late_correction", Family.LAST_FILE, 0.002, DISPLACED, "a correction of a row of the previous file"),
)
KINDS = tuple(defect.kind for defect in DEFECTS)
CODE = {kind: code for code, kind in enumerate(KINDS)}
CLEAN = -1
DEFAULT_RATES: Mapping[str, float] = {defect.kind: defect.rate for defect in DEFECTS}
FAMILY = np.array([*(defect.family.value for defect in DEFECTS), ""])  # by code; CLEAN, -1, has none


@dataclass(frozen=True)
class Plan:
    """The rates as thresholds on a draw of 32 bits."""

    tail_share: float  # of a file's rows
    thresholds: np.ndarray  # uint64, ascending: the first one above the draw says the kind
    codes: np.ndarray  # int8, the kind of each threshold, then CLEAN
    own: int  # draws below break the row itself
    any: int  # draws below break the row, if it stands in the second half of its window


def plan(rates: Mapping[str, float]) -> Plan:
    """The thresholds for `rates`, kind to share of all rows; a kind that is not named has none."""
    for kind, rate in rates.items():
        if kind not in CODE:
            raise BadArgument(f"no defect is called {kind!r}; there are {', '.join(KINDS)}")
        if not 0 <= rate < 1:
            raise BadArgument(f"the rate of {kind} is {rate}: give a share of all rows, from 0 to below 1")
    tail = rates.get("codes_null", 0.0)
    of_main = {d: rates.get(d.kind, 0.0) / (1 - tail) for d in DEFECTS if d.family is not Family.TAIL}
    own = {d.kind: p for d, p in of_main.items() if d.family is Family.OWN}
    clean_partner = 1 - math.fsum(own.values())
    crowded = BadArgument(f"the rates of {len(rates)} kinds leave too few clean rows: lower some of them")
    if clean_partner <= 0:
        raise crowded
    # Only every other row can follow, and only where its partner is clean.
    following = {d.kind: 2 * p / clean_partner for d, p in of_main.items() if d.family is Family.FOLLOWING}
    clean_second = clean_partner - math.fsum(following.values())
    # p rows of the second half correct one of the last file, if that is clean: p * (clean_second - p) = 2 * rate.
    root = clean_second**2 - 8 * of_main[DEFECTS[CODE["late_correction"]]]
    if clean_second <= 0 or root < 0:
        raise crowded
    last_file = {"late_correction": (clean_second - math.sqrt(root)) / 2}

    chances = {**own, **following, **last_file}
    thresholds = (np.cumsum(list(chances.values())) * 2.0**32).astype(np.uint64)
    return Plan(
        tail_share=tail,
        thresholds=thresholds,
        codes=np.array([*(CODE[kind] for kind in chances), CLEAN], np.int8),
        own=int(thresholds[len(own) - 1]),
        any=int(thresholds[-1]),
    )


def partner(key: int, numbers: np.ndarray) -> np.ndarray:
    """The row of the same window that each of `numbers` (uint64, second half of their windows) would follow."""
    mask = draws.words(key, numbers // np.uint64(WINDOW)) & np.uint64(HALF - 1) | np.uint64(HALF)
    return numbers ^ mask


def drawn(plan: Plan, numbers: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """The kind (int8 code or CLEAN) that rows of the main part of a file are drawn to have.

    numbers, draw  (n) uint64, the row counted from 0 and 32 random bits
    """
    kinds = plan.codes[np.searchsorted(plan.thresholds, draw, side="right")]
    kinds[(draw >= plan.own) & (numbers & np.uint64(HALF) == 0)] = CLEAN
    return kinds
