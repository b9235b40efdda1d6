"""What does the generated city look like: where are its zones, how does its week go, how fast is its traffic?

Everything here is a table, drawn once from the seed: the generator looks numbers up and multiplies. The tables are
built of +, -, *, / and square roots, which IEEE 754 rounds alike on every machine; the few logarithms and exponentials
are rounded to four digits at once, so that a last bit that differs between C libraries is gone.

    zones         263 places in a rectangle of 12 by 24 km; the nearer to the centre, the more popular, by Zipf's law
    origins       the popular zones, leaning to homes in the morning and to offices in the evening
    destinations  popular and near: a gravity model, popularity / (1 + (distance / 2.5 km)**2)
    week          pickups by hour of the week, with the moods of single days; local time, without daylight saving
    traffic       pace by hour of the week, slower in the centre, with log-normal noise
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from course_lib.trips import draws
from course_lib.trips.schema import ZONES

N_ZONES = len(ZONES)
WIDTH_M, HEIGHT_M = 12_000.0, 24_000.0
STREETS = 1.3  # metres driven per metre flown
NEAR_M = 2_500.0  # the distance at which a destination has lost half its pull
TIDES = 4  # night, morning, midday, evening: the tables of origins
ORIGIN_BITS, DESTINATION_BITS, NOISE_BITS, QUANTILE_BITS = 13, 10, 12, 16

# Pickups by hour of the day, in any unit.
_WORKDAY = (14, 9, 6, 4, 4, 7, 18, 34, 44, 42, 39, 40, 43, 43, 46, 48, 46, 52, 58, 56, 49, 44, 36, 24)
_WEEKEND = (44, 38, 30, 21, 13, 8, 9, 13, 21, 31, 39, 44, 47, 48, 48, 47, 46, 48, 52, 52, 48, 46, 47, 46)
_WEEKDAYS = (0.92, 0.98, 1.02, 1.06, 1.10, 1.04, 0.88)  # Monday first
# Kilometres per hour by hour of the day.
_WORKDAY_KMH = (34, 36, 38, 40, 40, 36, 29, 22, 18, 18, 19, 19, 18, 18, 17, 16, 15, 15, 17, 20, 23, 25, 28, 31)
_WEEKEND_KMH = (30, 32, 34, 37, 40, 41, 39, 36, 32, 29, 26, 24, 23, 23, 22, 22, 22, 22, 22, 23, 25, 26, 27, 29)
_NIGHT, _MORNING, _MIDDAY, _EVENING = range(TIDES)
_TIDE_OF_HOUR = (_NIGHT,) * 6 + (_MORNING,) * 4 + (_MIDDAY,) * 6 + (_EVENING,) * 4 + (_NIGHT,) * 4
_LEANING = (-0.5, 0.7, 0.0, -0.7)  # of each tide: towards homes (+) or offices (-)


@dataclass(frozen=True)
class City:
    """The tables of one seed. A zone is counted from 0 here; `od` is origin * N_ZONES + destination."""

    x_m: np.ndarray  # float64 [zone]
    y_m: np.ndarray  # float64 [zone]
    popularity: np.ndarray  # float64 [zone], 1 for the most popular, then 1/2, 1/3, ...
    origin: np.ndarray  # int32 [tide << ORIGIN_BITS | bits] -> zone
    destination: np.ndarray  # int32 [zone << DESTINATION_BITS | bits] -> zone
    distance_m: np.ndarray  # float32 [od], before noise
    toll_cents: np.ndarray  # int32 [od], where the driver takes the tunnel
    rate_code: np.ndarray  # int32 [od]: 1, or 2 between the airport and the centre
    slowness: np.ndarray  # float32 [zone], a factor on the duration
    congestion_cents: np.ndarray  # int32 [zone]


def city(seed: int) -> City:
    """The city of `seed`."""
    dice = draws.uniform(draws.key(seed, 1), 4 * N_ZONES).reshape(4, N_ZONES)
    x, y = dice[0] * WIDTH_M, dice[1] * HEIGHT_M
    to_centre = np.sqrt((x - WIDTH_M / 2) ** 2 + (y - HEIGHT_M / 2) ** 2)
    rank = np.empty(N_ZONES)
    rank[np.argsort(to_centre * (0.4 + dice[2]), kind="stable")] = np.arange(1, N_ZONES + 1)
    popularity = 1.0 / rank

    leaning = 2 * dice[3] - 1  # -1 an office district, +1 a quarter of homes
    origin = [_quantised(popularity * (1 + lean * leaning), ORIGIN_BITS) for lean in _LEANING]

    flown = np.sqrt((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2)
    inside = 400 + 600 * dice[3]  # a trip within one zone
    distance = STREETS * flown + inside
    pull = popularity / (1 + (distance / NEAR_M) ** 2)

    central = rank <= N_ZONES // 4
    airport = np.zeros(N_ZONES, bool)
    airport[np.argmax(to_centre)] = True
    flat_fare = (airport[:, None] & central) | (central[:, None] & airport)
    over_the_river = (x[:, None] < WIDTH_M * 0.7) != (x < WIDTH_M * 0.7)
    return City(
        x_m=x,
        y_m=y,
        popularity=popularity,
        origin=np.concatenate(origin),
        destination=np.concatenate([_quantised(row, DESTINATION_BITS) for row in pull]),
        distance_m=distance.ravel().astype(np.float32),
        toll_cents=np.where(over_the_river & (distance > 6_000), 694, 0).ravel().astype(np.int32),
        rate_code=np.where(flat_fare, 2, 1).ravel().astype(np.int32),
        slowness=(0.8 + 0.5 * N_ZONES / (N_ZONES + 4 * rank)).astype(np.float32),
        congestion_cents=np.where(central, 250, 0).astype(np.int32),
    )


@dataclass(frozen=True)
class Month:
    """The tables of one month; `hour` counts from its first midnight."""

    start_s: int  # seconds from 1970-01-01 to its first midnight
    seconds: int  # its length
    quantile_s: np.ndarray  # float32 [2**QUANTILE_BITS]: seconds into the month by which q / 2**QUANTILE_BITS of
    quantile_width_s: np.ndarray  # the pickups were made, and float32, how long until the next quantile
    tide: np.ndarray  # int64 [hour], shifted to index City.origin
    pace: np.ndarray  # float32 [hour], seconds per metre
    surcharge_cents: np.ndarray  # int32 [hour]


def month(seed: int, year: int, number: int) -> Month:
    """The month `number` (1 to 12) of `year` in the city of `seed`."""
    first = datetime.date(year, number, 1)
    after = datetime.date(year + number // 12, number % 12 + 1, 1)
    days = (after - first).days
    weekday = (first.weekday() + np.arange(days)) % 7  # [day], Monday is 0
    weekend = weekday >= 5

    mood = 0.92 + 0.16 * draws.uniform(draws.key(seed, 2, year, number), days)  # weather, for instance
    of_day = np.array(_WEEKDAYS)[weekday] * mood
    by_hour = (np.where(weekend[:, None], _WEEKEND, _WORKDAY) * of_day[:, None]).ravel()
    quantiles = _when(_by_quarter(by_hour), 900)

    kmh = np.where(weekend[:, None], _WEEKEND_KMH, _WORKDAY_KMH).ravel()
    hour = np.tile(np.arange(24), days)
    rush = (hour >= 16) & (hour < 20) & ~np.repeat(weekend, 24)
    night = (hour >= 20) | (hour < 6)
    return Month(
        start_s=(first - datetime.date(1970, 1, 1)).days * 86_400,
        seconds=days * 86_400,
        quantile_s=quantiles[:-1].astype(np.float32),
        quantile_width_s=np.diff(quantiles).astype(np.float32),
        tide=np.array(_TIDE_OF_HOUR, np.int64)[hour] << ORIGIN_BITS,
        pace=(3.6 / kmh).astype(np.float32),
        surcharge_cents=(80 + 250 * rush + 100 * night).astype(np.int32),
    )


def lognormal(sigma: float) -> np.ndarray:
    """2**NOISE_BITS quantiles of a log-normal factor with median 1, as float32."""
    normal, count = NormalDist(), 1 << NOISE_BITS
    return np.array([round(math.exp(sigma * normal.inv_cdf((q + 0.5) / count)), 4) for q in range(count)], np.float32)


def exponential(mean: float) -> np.ndarray:
    """2**NOISE_BITS quantiles of an exponential waiting time, as int64."""
    count = 1 << NOISE_BITS
    return np.array([round(-mean * math.log1p(-(q + 0.5) / count)) for q in range(count)], np.int64)


def _quantised(weights: np.ndarray, bits: int) -> np.ndarray:
    """A table of 2**bits entries in which each index of `weights` stands about in proportion to its weight."""
    reached = np.cumsum(weights)
    targets = (np.arange(1 << bits) + 0.5) * (reached[-1] / (1 << bits))
    return np.searchsorted(reached, targets, side="right").astype(np.int32)


def _by_quarter(by_hour: np.ndarray) -> np.ndarray:
    """Whole numbers (int64) for the quarters of an hour; between the middles of hours the rate goes straight."""
    earlier = np.concatenate([by_hour[:1], by_hour[:-1]])[:, None]
    later = np.concatenate([by_hour[1:], by_hour[-1:]])[:, None]
    to_earlier = np.array([0.375, 0.125, 0.0, 0.0])  # of an hour, from the middle of the quarter to that of the hour
    to_later = to_earlier[::-1]
    rate = by_hour[:, None] * (1 - to_earlier - to_later) + earlier * to_earlier + later * to_later
    return np.rint(rate.ravel() * 1000).astype(np.int64)


def _when(weights: np.ndarray, width_s: int) -> np.ndarray:
    """The 2**QUANTILE_BITS + 1 quantiles of a time whose rate is `weights` in bins of `width_s` seconds."""
    reached = np.concatenate([[0], np.cumsum(weights)])
    targets = np.arange((1 << QUANTILE_BITS) + 1) * (float(reached[-1]) / (1 << QUANTILE_BITS))
    at = np.clip(np.searchsorted(reached, targets, side="right") - 1, 0, len(weights) - 1)
    return width_s * (at + (targets - reached[at]) / weights[at])
