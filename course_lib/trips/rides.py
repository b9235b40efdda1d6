"""How does a number become a sound trip?

Each trip spends three words of random bits (draws.py), looked up in the tables of the city (city.py):

    word      bits
    WHEN      0..31 whether and how the row is broken (defects.py), 32..63 its place in the shuffle
    WHERE     0..12 origin, 13..22 destination, 23..34 distance, 35..46 pace, 47..54 payment and tip, 55 tunnel
    WHO       0..7 passengers, 8..19 delay of delivery

Nothing else goes in, so any trip can be made again by itself: a correction in next month's file does that.

Arithmetic is elementwise, in one fixed order, of integers and of floats that IEEE 754 rounds alike everywhere; bytes do
not depend on the processor. Arrays are filled in place, because fresh memory costs more than arithmetic: where this was
measured, multiplying two arrays into a third that exists took 0.2 ns an element, into a new one 6 ns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.trips import draws
from course_lib.trips.city import (
    DESTINATION_BITS,
    N_ZONES,
    NOISE_BITS,
    ORIGIN_BITS,
    QUANTILE_BITS,
    City,
    Month,
    exponential,
    lognormal,
)
from course_lib.trips.rows import Rows

CHUNK = 1 << 14  # rows; a chunk's scratch stays in the processor's cache
SECOND = 1_000_000  # microseconds
LONGEST_S = 3 * 3600
WHEN, WHERE, WHO = range(3)

DISTANCE_NOISE, PACE_NOISE = lognormal(0.16), lognormal(0.28)
DELAY_S = 5 + exponential(240)  # from dropoff to the row's delivery
PASSENGERS = np.repeat(np.arange(1, 7, dtype=np.int32), [188, 38, 10, 5, 9, 6])
PAYMENT_TYPE = np.repeat(np.arange(1, 5, dtype=np.int32), [179, 72, 3, 2])  # card, cash, no charge, dispute
TIP_PERCENT = np.repeat(np.array([0, 10, 15, 18, 20, 25, 30, 0], np.int32), [24, 16, 24, 28, 56, 24, 7, 77])  # by card


@dataclass(frozen=True)
class Block:
    """Numbers that share one time scale: a file's main part, or the block without codes at its end."""

    keys: tuple[int, int, int]  # the streams of WHEN, WHERE and WHO
    first: int  # the first number of the block
    size: int  # numbers in the block; they spread over the whole month
    first_id: int  # trip_id of number 0
    fleet: int  # vehicles in the city
    city: City
    month: Month


@dataclass
class Scratch:
    """Memory to compute in; one for each thread. Some names hold different things one after the other."""

    word: np.ndarray  # uint64, as are the next two
    bits: np.ndarray
    vehicle: np.ndarray
    hour: np.ndarray  # int64, as are the next two
    od: np.ndarray
    seconds: np.ndarray
    value: np.ndarray  # float32, as is the next one
    factor: np.ndarray
    position: np.ndarray  # float64

    @classmethod
    def empty(cls, n: int = CHUNK) -> Scratch:
        """Memory for `n` rows at a time."""
        word, bits, vehicle = np.empty((3, n), np.uint64)
        hour, od, seconds = np.empty((3, n), np.int64)
        value, factor = np.empty((2, n), np.float32)
        return cls(word, bits, vehicle, hour, od, seconds, value, factor, np.empty(n, np.float64))

    def first(self, n: int) -> Scratch:
        """The first `n` of everything, sharing memory."""
        return Scratch(**{name: array[:n] for name, array in vars(self).items()})


def ride(block: Block, numbers: np.ndarray, rows: Rows, scratch: Scratch) -> None:
    """Fill `rows` with the trips of those `numbers` (uint64, within the block, at most as many as the scratch holds).

    Fills every column, and `draw`; nothing is null.
    """
    s, out = scratch.first(len(numbers)), rows.columns
    for nulls in rows.null.values():
        nulls.fill(False)
    np.add(numbers, np.uint64(block.first_id), out=out["trip_id"], casting="unsafe")

    draws.words(block.keys[WHEN], numbers, out=s.word, scratch=s.bits)
    np.bitwise_and(s.word, np.uint64(0xFFFFFFFF), out=rows.draw, casting="unsafe")
    _when(block, numbers, out, s)

    draws.words(block.keys[WHO], numbers, out=s.word, scratch=s.bits)
    _who(block, numbers, out, s)

    draws.words(block.keys[WHERE], numbers, out=s.word, scratch=s.bits)
    _where(block, out, s)
    _how_long(block, out, s)
    _what_it_costs(block, out, s)
    rows.add_up(slice(None))

    out["pickup_at"] += block.month.start_s
    np.add(out["pickup_at"], s.seconds, out=out["dropoff_at"])
    out["updated_at"] += out["dropoff_at"]
    for name in ("pickup_at", "dropoff_at", "updated_at"):
        out[name] *= SECOND
    out["pickup_zone"] += 1  # zones are counted from 0 in the tables, from 1 outside
    out["dropoff_zone"] += 1


def _when(block: Block, numbers: np.ndarray, out: dict[str, np.ndarray], s: Scratch) -> None:
    """pickup_at in seconds into the month, and s.hour.

    The file is in order of pickup up to a shuffle: a quarter of the fleet either way, which is about twenty minutes.
    """
    spread = min(block.fleet / 2, block.size)
    np.right_shift(s.word, np.uint64(32), out=s.word)
    np.multiply(s.word, spread / 2**32, out=s.position)
    s.position += numbers
    s.position -= block.first + spread / 2
    np.abs(s.position, out=s.position)  # what the shuffle moved out of the month is folded back into it
    np.subtract(block.size, s.position, out=s.position)
    np.abs(s.position, out=s.position)
    np.subtract(block.size, s.position, out=s.position)

    s.position *= 2.0**QUANTILE_BITS / block.size
    quantile = s.bits.view(np.int64)
    np.copyto(quantile, s.position, casting="unsafe")
    np.minimum(quantile, (1 << QUANTILE_BITS) - 1, out=quantile)
    s.position -= quantile
    block.month.quantile_width_s.take(quantile, out=s.value, mode="clip")
    np.multiply(s.value, s.position, out=s.value, casting="unsafe")
    block.month.quantile_s.take(quantile, out=s.factor, mode="clip")
    s.value += s.factor
    np.copyto(out["pickup_at"], s.value, casting="unsafe")
    np.minimum(out["pickup_at"], block.month.seconds - 1, out=out["pickup_at"])
    np.floor_divide(out["pickup_at"], 3600, out=s.hour)


def _who(block: Block, numbers: np.ndarray, out: dict[str, np.ndarray], s: Scratch) -> None:
    """The vehicle and what hangs on it.

    Row after row takes the next of one and a half fleets of turns: half of the vehicles drive twice as often as the
    others, and the trips of each lie apart, but for a few that overlap, as meters left running do.
    """
    np.remainder(numbers, np.uint64(block.fleet * 3 // 2), out=s.vehicle)
    s.vehicle %= np.uint64(block.fleet)
    np.add(s.vehicle, np.uint64(1), out=out["vehicle_id"], casting="unsafe")
    np.bitwise_and(s.vehicle, np.uint64(7), out=s.bits)
    np.equal(s.bits, np.uint64(0), out=out["service"].view(bool))  # one cab in eight is green
    np.right_shift(s.vehicle, np.uint64(3), out=s.vehicle)
    np.bitwise_and(s.vehicle, np.uint64(1), out=s.vehicle)
    np.add(s.vehicle, np.uint64(1), out=out["vendor_id"], casting="unsafe")
    PASSENGERS.take(draws.bits(s.word, 0, 8, out=s.bits), out=out["passengers"], mode="clip")
    DELAY_S.take(draws.bits(s.word, 8, NOISE_BITS, out=s.bits), out=out["updated_at"], mode="clip")


def _where(block: Block, out: dict[str, np.ndarray], s: Scratch) -> None:
    """The two zones, counted from 0, and s.od."""
    origin, destination, od = out["pickup_zone"], out["dropoff_zone"], s.od
    block.month.tide.take(s.hour, out=od, mode="clip")
    od |= draws.bits(s.word, 0, ORIGIN_BITS, out=s.bits)
    block.city.origin.take(od, out=origin, mode="clip")
    np.left_shift(origin, DESTINATION_BITS, out=od)
    od |= draws.bits(s.word, 13, DESTINATION_BITS, out=s.bits)
    block.city.destination.take(od, out=destination, mode="clip")
    np.multiply(origin, N_ZONES, out=od)
    od += destination


def _how_long(block: Block, out: dict[str, np.ndarray], s: Scratch) -> None:
    """distance_m, and s.seconds: at the hour's pace, slower where the trip starts in the centre."""
    block.city.distance_m.take(s.od, out=s.value, mode="clip")
    DISTANCE_NOISE.take(draws.bits(s.word, 23, NOISE_BITS, out=s.bits), out=s.factor, mode="clip")
    s.value *= s.factor
    np.copyto(out["distance_m"], s.value, casting="unsafe")
    block.month.pace.take(s.hour, out=s.factor, mode="clip")
    s.value *= s.factor
    PACE_NOISE.take(draws.bits(s.word, 35, NOISE_BITS, out=s.bits), out=s.factor, mode="clip")
    s.value *= s.factor
    block.city.slowness.take(out["pickup_zone"], out=s.factor, mode="clip")
    s.value *= s.factor
    s.value += np.float32(45)  # getting in and out
    np.copyto(s.seconds, s.value, casting="unsafe")
    np.minimum(s.seconds, LONGEST_S, out=s.seconds)


def _what_it_costs(block: Block, out: dict[str, np.ndarray], s: Scratch) -> None:
    """Fare (3 dollars, 19 cents per 100 m and 35 cents per 100 s, down to 10 cents), tip, tolls and surcharges."""
    fare, tip, tolls, surcharges = (out[f"{part}_cents"] for part in ("fare", "tip", "tolls", "surcharges"))
    np.multiply(s.seconds, 35, out=fare, casting="unsafe")
    np.multiply(out["distance_m"], 19, out=tip)
    fare += tip
    fare //= 1000
    fare *= 10
    fare += 300
    block.city.rate_code.take(s.od, out=out["rate_code"], mode="clip")
    fare[np.flatnonzero(out["rate_code"] == 2)] = 7000

    pay = draws.bits(s.word, 47, 8, out=s.bits)
    PAYMENT_TYPE.take(pay, out=out["payment_type"], mode="clip")
    TIP_PERCENT.take(pay, out=tip, mode="clip")
    tip *= fare
    tip //= 100

    block.city.toll_cents.take(s.od, out=tolls, mode="clip")
    np.multiply(tolls, draws.bits(s.word, 55, 1, out=s.bits), out=tolls, casting="unsafe")
    block.month.surcharge_cents.take(s.hour, out=surcharges, mode="clip")
    block.city.congestion_cents.take(out["pickup_zone"], out=out["total_cents"], mode="clip")
    surcharges += out["total_cents"]
