"""What is a trip, in every table after ingestion?

Money is whole US cents, distance whole metres, time whole seconds: sums of integers are equal on
every engine, sums of floats are not. Times are local wall times as published, without a zone.
In files there are only int32, int64, string and timestamp[us], because Parquet has no seconds and
Iceberg neither int16 nor dictionaries.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

TIME = pa.timestamp("us")

SERVICES = ("yellow", "green", "fhv", "fhvhv")
ZONES = range(1, 264)  # the TLC's zones with a place on the map
UNKNOWN_ZONES = (264, 265)  # published for "unknown" and "outside of NYC"; nulls here
METRES_PER_MILE = 1609.344


class Field(NamedTuple):
    """One canonical column."""

    name: str
    type: pa.DataType
    required: bool  # a null here is an error, whatever the source publishes
    meaning: str  # with the unit


FIELDS = (
    Field("trip_id", pa.int64(), True, "the source's own id, or a 64-bit hash of the published row"),
    Field("service", pa.string(), True, "yellow, green, fhv or fhvhv"),
    Field("vendor_id", pa.int32(), False, "code of the TLC data dictionary"),
    Field("rate_code", pa.int32(), False, "code of the TLC data dictionary"),
    Field("payment_type", pa.int32(), False, "code of the TLC data dictionary"),
    Field("passengers", pa.int32(), False, "as entered by the driver"),
    Field("operator", pa.string(), False, "licence or base number (fhv, fhvhv)"),
    Field("pickup_at", TIME, True, "local wall time, whole seconds"),
    Field("dropoff_at", TIME, False, "local wall time, whole seconds"),
    Field("pickup_zone", pa.int32(), False, "TLC zone 1..263; null where unknown"),
    Field("dropoff_zone", pa.int32(), False, "TLC zone 1..263; null where unknown"),
    Field("distance_m", pa.int32(), False, "metres, rounded to nearest, ties to even"),
    Field("fare_cents", pa.int32(), False, "US cents"),
    Field("tip_cents", pa.int32(), False, "US cents"),
    Field("tolls_cents", pa.int32(), False, "US cents"),
    Field("surcharges_cents", pa.int32(), False, "US cents: the sum of all other published fees"),
    Field("total_cents", pa.int32(), False, "US cents, as published"),
    Field("vehicle_id", pa.int32(), False, "generator only"),
    Field("updated_at", TIME, False, "generator, databases and change capture only"),
    Field("source_file", pa.string(), True, "path relative to the inputs' common folder"),
    Field("source_row", pa.int64(), True, "record number from 1; header and blank lines not counted"),
)

NAMES = tuple(field.name for field in FIELDS)
CANONICAL = pa.schema([pa.field(field.name, field.type, nullable=not field.required) for field in FIELDS])

# Bronze keeps what was published: the canonical columns, `problems` and `raw`, and under their own
# names the published columns that have no home above.
#
# `problems` has bit i set where the published value of FIELDS[i] could not be read, or lies outside the
# field's type (the canonical value is null then), and bit UNPARSEABLE where the whole line could not be
# read. `raw` is the text of the record where problems != 0, null elsewhere.
UNPARSEABLE = 62
PROBLEM = {field.name: i for i, field in enumerate(FIELDS)}
BRONZE = pa.schema(
    [pa.field(field.name, field.type) for field in FIELDS]
    + [pa.field("problems", pa.int64(), nullable=False), pa.field("raw", pa.string())]
)
