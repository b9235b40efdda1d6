"""What must every peer do, and where does it put its answer?

The job, on canonical trips in Parquet files `trips_YYYY-MM.parquet` (the columns of `course_lib.trips.schema`
but for source_file and source_row, which are the file's name and the row's position in it, from 1):

1. zones 264 and 265 mean unknown: they become null;
2. every row is judged by all rules below; a row with any reason goes to quarantine, with all its reasons;
3. of the valid rows of one trip_id, in whatever file, the newest stays: largest updated_at (null oldest), then
   smallest source_file, then smallest source_row; the others are duplicates;
4. these are silver, in Parquet, partitioned by service and month of pickup_at;
5. gold: silver rows with pickup_zone, dropoff_at, distance_m and fare_cents not null, summed per hour and zone.

A null breaks no rule but required_null. This file imports the standard library only, so that it costs no peer
anything to say what it did.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

INPUTS = "trips_*.parquet"

SILVER = "silver"  # a folder of Parquet files, at any depth
QUARANTINE = "quarantine"  # the same; all canonical columns and `reasons`: a list, or names joined by semicolons
ZONE_HOURS = "zone_hours.csv"
TOLD = "run.json"

# Rules, in the order in which their names stand in `reasons`.
REASONS = (
    "required_null",  # trip_id, service or pickup_at
    "outside_type",  # a service not in SERVICES, or a value outside BOUNDS
    "dropoff_not_after_pickup",
    "longer_than_23h",
    "refund",  # fare < 0, and in the input is another trip_id with fare > 0 that agrees in TWIN, null equal to null
    "negative_fare",  # fare < 0 otherwise
    "distance_not_positive",
    "distance_over_100_miles",
)
TWIN = ("service", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")
SERVICES = ("yellow", "green", "fhv", "fhvhv")
BOUNDS = {  # the least and the greatest value of the type
    "pickup_zone": (1, 263),
    "dropoff_zone": (1, 263),
    "vendor_id": (-32_768, 32_767),
    "rate_code": (-32_768, 32_767),
    "payment_type": (-32_768, 32_767),
    "passengers": (0, 32_767),
}
UNKNOWN_ZONES = (264, 265)
LONGEST_HOURS = 23
FARTHEST_M = 160_934  # 100 miles

ZONE_HOURS_HEADER = "hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"

REFUSED = 75  # the exit code of a peer that declines, with the reason as the last line of stderr


class Refused(Exception):
    """This tool cannot do the job on this machine; the message says why."""


class Told(NamedTuple):
    """What a peer says it did, in rows."""

    rows_read: int
    rows_silver: int
    rows_quarantined: int
    rows_duplicate: int


class Order(NamedTuple):
    """What a peer is asked to do."""

    inputs: tuple[Path, ...]  # sorted by name
    out: Path  # an empty folder
    threads: int
    variants: frozenset[str]  # of VARIANTS


VARIANTS = {
    "tuned": "decide duplicates on the columns that matter, not on whole rows",
    "flat": "write silver as one file, not by service and month",
}


def perform(
    work: Callable[[Order], Told], variants: Sequence[str] = (), arguments: Sequence[str] | None = None
) -> None:
    """The main program of a peer: do `work` as the command line orders, and write down what was done.

    variants  those of VARIANTS that this peer can be asked for

    The clock starts here, after the tool was imported, and stops when the last output is written. Outputs are
    left to the page cache, as their tools do; whoever promises durability pays for it.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    for name in variants:
        parser.add_argument(f"--{name}", action="append_const", dest="variants", const=name, help=VARIANTS[name])
    parser.set_defaults(variants=[])
    given = parser.parse_args(arguments)
    inputs = tuple(sorted(given.input.glob(INPUTS), key=lambda path: os.fsencode(path.name)))
    if not inputs:
        parser.error(f"{given.input}: no file {INPUTS}; make some with `course data generate`")
    given.output.mkdir(parents=True, exist_ok=True)
    if any(given.output.iterdir()):
        parser.error(f"{given.output}: not empty; the answer of another run would be counted with this one")
    began = time.perf_counter()
    try:
        told = work(Order(inputs, given.output, given.threads, frozenset(given.variants)))
    except Refused as why:
        print(why, file=sys.stderr)
        raise SystemExit(REFUSED) from None
    seconds = time.perf_counter() - began
    (given.output / TOLD).write_text(json.dumps({**told._asdict(), "seconds": round(seconds, 3)}) + "\n")
