"""How is a sound row broken?

A function for each kind of defect. It gets the rows, the indices `at` of those to break, a word of dice (uint64) for
each of them, and the month of the file as seconds from 1970-01-01 to its start; it changes what its kind says
and leaves the row plausible in everything else. Rows that repeat another one hold a copy of it already, under their
own trip_id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from course_lib.trips import draws
from course_lib.trips.rows import PARTS, Rows

SECOND = 1_000_000  # microseconds
HOUR, DAY, WEEK = 3600 * SECOND, 86_400 * SECOND, 7 * 86_400 * SECOND
RESET = 1_041_379_200 * SECOND  # 2003-01-01: where a taxi's clock starts when its battery was changed
FAR_M = 160_935  # the first whole metre over 100 miles

At = np.ndarray  # int64 indices
Dice = np.ndarray  # uint64


def missing_pickup(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.null["pickup_at"][at] = True


def dropoff_before_pickup(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    early_s = 1 + draws.bits(dice, 0, 12) % 3600
    rows.columns["dropoff_at"][at] = rows.columns["pickup_at"][at] - early_s * SECOND


def zero_duration(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["dropoff_at"][at] = rows.columns["pickup_at"][at]


def too_long(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    over_s = 1 + draws.bits(dice, 0, 12) % 3600  # the meter ran until the next shift
    rows.columns["dropoff_at"][at] = rows.columns["pickup_at"][at] + 23 * HOUR + over_s * SECOND


def negative_fare(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    for name in (*PARTS, "total_cents"):
        rows.columns[name][at] *= -1


def zero_distance(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["distance_m"][at] = 0


def too_far(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["distance_m"][at] = FAR_M + draws.bits(dice, 0, 20)


def zone_out_of_range(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["pickup_zone"][at] = 999


def unknown_pickup_zone(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.null["pickup_zone"][at] = True


def unknown_dropoff_zone(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.null["dropoff_zone"][at] = True


def zero_fare(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["fare_cents"][at] = 0
    rows.columns["tip_cents"][at] = 0
    rows.add_up(at)


def no_passengers(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["passengers"][at] = 0


def wrong_month(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    true = rows.columns["pickup_at"][at]
    # By whole weeks, so that the trip still took as long as trips do at that hour of the week.
    _move_back(rows, at, true - (RESET + (true - RESET) % WEEK))


def late(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    weeks = (rows.columns["pickup_at"][at] - month_s * SECOND) // WEEK + 1
    _move_back(rows, at, weeks * WEEK)  # updated_at stays: the trip was delivered in the file's month


def total_mismatch(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["total_cents"][at] += 1 + draws.bits(dice, 0, 10).astype(np.int32)


def refund(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    negative_fare(rows, at, dice, month_s)
    rows.columns["updated_at"][at] += _later(dice)


def shared(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["vendor_id"][at] = 3 - rows.columns["vendor_id"][at]
    rows.columns["updated_at"][at] += _later(dice)


def duplicate(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    rows.columns["trip_id"][at] = rows.of_trip_id[at]


def correction(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    duplicate(rows, at, dice, month_s)
    rows.columns["dropoff_at"][at] += (30 + draws.bits(dice, 0, 8)) * SECOND
    rows.columns["fare_cents"][at] += 50 * (1 + draws.bits(dice, 8, 3).astype(np.int32))
    rows.columns["tip_cents"][at] += 25 * draws.bits(dice, 11, 2).astype(np.int32)
    rows.add_up(at)
    rows.columns["updated_at"][at] += _later(dice)


def bad_correction(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    correction(rows, at, dice, month_s)
    zero_distance(rows, at, dice, month_s)


def late_correction(rows: Rows, at: At, dice: Dice, month_s: int) -> None:
    correction(rows, at, dice, month_s)
    rows.columns["updated_at"][at] += 31 * DAY


def _move_back(rows: Rows, at: At, by: np.ndarray) -> None:
    rows.columns["pickup_at"][at] -= by
    rows.columns["dropoff_at"][at] -= by


def _later(dice: Dice) -> np.ndarray:
    return (600 + draws.bits(dice, 16, 17)) * SECOND  # ten minutes to a day and a half


BREAK: Mapping[str, Callable[[Rows, At, Dice, int], None]] = {
    function.__name__: function
    for function in (
        missing_pickup, dropoff_before_pickup, zero_duration, too_long, negative_fare, zero_distance, too_far,
        zone_out_of_range, unknown_pickup_zone, unknown_dropoff_zone, zero_fare, no_passengers, wrong_month,
        late, total_mismatch, refund, shared, duplicate, correction, bad_correction, late_correction,
    )
}  # fmt: skip
