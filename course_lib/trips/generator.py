"""What would a city's taxis have published, and which rows of it are broken?

A trip is a function of the seed, the month and its number in the month's file; no generator with a state stands
between two trips (draws.py). So the same seed gives the same rows whatever the chunking or the number of workers, and
memory is bounded by what the caller keeps.

    Settings ──> World        tables, once            city.py
                   │
                   └─> fill   sound trips             rides.py
                              some of them broken     defects.py says which, breaking.py how

A row's number counts from 0 within its month's file. The last rows of a file are the block without codes; its
trips spread over the month again, like those of the main part before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from course_lib.errors import BadArgument
from course_lib.trips import breaking, city, defects, draws
from course_lib.trips.defects import CLEAN, CODE, DEFAULT_RATES, FAMILY, KINDS, WINDOW, Family
from course_lib.trips.rides import CHUNK, WHEN, WHERE, WHO, Block, Scratch, ride
from course_lib.trips.rows import CODES, Rows

TRIPS_PER_VEHICLE = 20  # a day
MOST_TRIPS = 10**10  # of a file: its trip_ids end before the next file's begin, and all fit into a float64
_DICE, _PARTNER = 3, 4  # purposes of random words, after WHEN, WHERE and WHO


@dataclass(frozen=True)
class Settings:
    """What is to be generated: `trips` rows in all, over `months` files from `start` (YYYY-MM) on."""

    trips: int = 200_000
    seed: int = 7
    start: str = "2024-01"
    months: int = 3
    # Kind of defect to its share of all rows; a kind that is not named does not occur.
    rates: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_RATES))

    def __post_init__(self) -> None:
        if not 1 <= self.trips <= MOST_TRIPS:
            raise BadArgument(f"{self.trips} trips were asked for; ask for 1 to {MOST_TRIPS}")
        if not 0 <= self.seed < 1 << 63:
            raise BadArgument(f"the seed is {self.seed}; give a whole number from 0 to {(1 << 63) - 1}")
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", self.start) or self.start < "2009-01":
            raise BadArgument(f"the first month is {self.start!r}; give YYYY-MM from 2009-01 to 2099-12")
        if not 1 <= self.months <= 120:
            raise BadArgument(f"{self.months} months were asked for; ask for 1 to 120")
        defects.plan(self.rates)


class World:
    """The tables that one `settings` stands for; read only, so threads share it."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.plan = defects.plan(settings.rates)
        self.city = city.city(settings.seed)
        year, month = map(int, settings.start.split("-"))
        since = range(year * 12 + month - 1, year * 12 + month - 1 + settings.months)
        self.months = [(count // 12, count % 12 + 1) for count in since]
        self.tables = [city.month(settings.seed, *month) for month in self.months]

        days = np.cumsum([0] + [table.seconds // 86_400 for table in self.tables]).tolist()
        until = [settings.trips * day // days[-1] for day in days]
        self.sizes = [after - before for before, after in pairwise(until)]  # rows of each file
        self.mains = [size - round(size * self.plan.tail_share) for size in self.sizes]  # rows before the tail
        self.fleet = max(10, settings.trips // (days[-1] * TRIPS_PER_VEHICLE))

    def name(self, file: int) -> str:
        """The name of a file, without its ending."""
        return "trips_{}-{:02d}".format(*self.months[file])

    def key(self, file: int, purpose: int) -> int:
        """The start of the stream of random words for one purpose in one file."""
        return draws.key(self.settings.seed, 3, *self.months[file], purpose)

    def block(self, file: int, *, tail: bool) -> Block:
        """The main part of a file, or its tail."""
        year, month = self.months[file]
        return Block(
            keys=(self.key(file, WHEN), self.key(file, WHERE), self.key(file, WHO)),
            first=self.mains[file] if tail else 0,
            size=self.sizes[file] - self.mains[file] if tail else self.mains[file],
            first_id=(year * 100 + month) * MOST_TRIPS + 1,
            fleet=self.fleet,
            city=self.city,
            month=self.tables[file],
        )


def fill(world: World, file: int, first: int, rows: Rows, scratch: Scratch) -> None:
    """Fill `rows` with those of a file from number `first` on, a multiple of WINDOW."""
    if first % WINDOW:
        raise ValueError(f"row {first} is inside a window of {WINDOW} rows: start at a multiple of it")
    border = min(max(world.mains[file] - first, 0), len(rows))
    for tail, begin, end in ((False, 0, border), (True, border, len(rows))):
        block = world.block(file, tail=tail)
        for at in range(begin, end, CHUNK):
            part = rows.part(at, min(at + CHUNK, end))
            ride(block, np.arange(first + at, first + at + len(part), dtype=np.uint64), part, scratch)
    _break(world, file, first, rows.part(0, border), scratch)
    rows.kind[border:] = CODE["codes_null"]
    for name in CODES:
        rows.null[name][border:] = True


def _break(world: World, file: int, first: int, rows: Rows, scratch: Scratch) -> None:
    """Break those of the sound `rows` that are drawn to be broken; they are the main part's from number `first` on."""
    rows.kind.fill(CLEAN)
    at = np.flatnonzero(rows.draw < world.plan.any)
    numbers = at.astype(np.uint64) + np.uint64(first)
    kinds = defects.drawn(world.plan, numbers, rows.draw[at])
    _follow(world, file, first, rows, at, kinds)
    _reach_back(world, file, rows, at, numbers, kinds, scratch)
    rows.kind[at] = kinds

    dice = draws.words(world.key(file, _DICE), numbers)
    for code, kind in enumerate(KINDS):
        chosen = kinds == code
        if chosen.any():
            breaking.BREAK[kind](rows, at[chosen], dice[chosen], world.tables[file].start_s)


def _follow(world: World, file: int, first: int, rows: Rows, at: np.ndarray, kinds: np.ndarray) -> None:
    """Copy their partners to the rows that follow one; clear the kind of those whose partner is broken itself."""
    follows = np.flatnonzero(FAMILY[kinds] == Family.FOLLOWING.value)
    numbers = at[follows].astype(np.uint64) + np.uint64(first)
    partners = defects.partner(world.key(file, _PARTNER), numbers).astype(np.int64) - first
    sound = rows.draw[partners] >= world.plan.own
    kinds[follows[~sound]] = CLEAN
    _copy(rows, partners[sound], rows, at[follows[sound]])


def _reach_back(
    world: World, file: int, rows: Rows, at: np.ndarray, numbers: np.ndarray, kinds: np.ndarray, scratch: Scratch
) -> None:
    """Copy rows of the file before to the rows that correct one; clear the kind of those that find no sound one."""
    corrects = np.flatnonzero(kinds == CODE["late_correction"])
    if file == 0:
        kinds[corrects] = CLEAN
        return
    draw = draws.words(world.key(file - 1, WHEN), numbers[corrects]) & np.uint64(0xFFFFFFFF)
    sound = (draw >= world.plan.any) & (numbers[corrects] < world.mains[file - 1])
    kinds[corrects[~sound]] = CLEAN
    corrects = corrects[sound]
    block = world.block(file - 1, tail=False)
    for begin in range(0, len(corrects), CHUNK):
        some = corrects[begin : begin + CHUNK]
        theirs = Rows.empty(len(some))
        ride(block, numbers[some], theirs, scratch)
        _copy(theirs, np.arange(len(some)), rows, at[some])


def _copy(source: Rows, originals: np.ndarray, rows: Rows, copies: np.ndarray) -> None:
    """Let the rows at `copies` repeat those of `source` at `originals`, under their own trip_id."""
    for name, values in rows.columns.items():
        if name != "trip_id":
            values[copies] = source.columns[name][originals]
    rows.of_trip_id[copies] = source.columns["trip_id"][originals]
