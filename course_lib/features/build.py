"""How do gold and silver become a feature store and a training set?

    gold ──> build ──> FEATURES/ (a Feast repository)
    silver, FEATURES ──> training_set ──> training.parquet

Both replace their whole output atomically, so both are safe to run twice and to kill. Of the feature store only
`offline/` is a function of the data alone; registry.db holds Feast's times and belongs in no digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from course_lib.features import tables
from course_lib.features.sampling import sample as bottom
from course_lib.storage.atomic import replacing_folder
from course_lib.storage.layout import read_table, write_table

SAMPLE = 200_000  # trips: more teach this model nothing new, and the join and the fit stay within seconds

SILENCE = timedelta(days=7)  # what comes after so long without a trip is a clock that is wrong

_READ = ["trip_id", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "passengers"]

TRAINING = pa.schema(
    [
        pa.field("trip_id", pa.int64(), nullable=False),
        pa.field("pickup_at", pa.timestamp("us"), nullable=False),
        pa.field("duration_s", pa.int64(), nullable=False),  # what the model predicts
        pa.field("pickup_zone", pa.int32(), nullable=False),
        pa.field("dropoff_zone", pa.int32()),
        pa.field("hour", pa.int32(), nullable=False),  # 0..23
        pa.field("weekday", pa.int32(), nullable=False),  # 0 is Monday
        pa.field("passengers", pa.int32()),
        # What was known at pickup; null where nothing was.
        *(
            field.with_nullable(True)
            for schema in (tables.CITY_TABLE, tables.ZONE_TABLE, tables.ROUTE_TABLE)
            for field in schema
            if field.name not in ("city", "pickup_zone", "dropoff_zone", "event_timestamp")
        ),
        # The mean of the route, of the zone where the route is new, of the city where the zone is new too.
        pa.field("expected_s", pa.float64()),
    ]
)


def build(gold: Path, out: Path) -> dict[str, int]:
    """Replace the folder `out` by a Feast repository over the features of `gold`; rows per feature table.

    gold      folder with zone_ended_hour.parquet (hour, zone, trips, seconds, seconds_sq) and route_day.parquet
              (day, pickup_zone, dropoff_zone, trips, seconds, seconds_sq)
    out       see features/feast.py; the online store holds what was known when the last hour of the data ended
    """
    from course_lib.features import feast

    zone_ended_hour = read_table(gold / "zone_ended_hour.parquet", ["hour", "zone", "trips", "seconds", "seconds_sq"])
    route_day = read_table(
        gold / "route_day.parquet", ["day", "pickup_zone", "dropoff_zone", "trips", "seconds", "seconds_sq"]
    )
    city = tables.city_table(zone_ended_hour)
    zone = tables.zone_table(zone_ended_hour, city)
    route = tables.route_table(route_day, zone)
    with replacing_folder(out) as beside:
        store = feast.build_store(beside, city, zone, route)
        try:
            if zone_ended_hour.num_rows:
                feast.materialise(store, end_of_data(zone_ended_hour))
        finally:
            feast.close(store)
    return {"city_rows": city.num_rows, "zone_rows": zone.num_rows, "route_rows": route.num_rows}


def end_of_data(zone_ended_hour: pa.Table) -> datetime:
    """The end of the last hour in which a trip ended; at least one row.

    Some taxis' clocks are years ahead, and an online store of such a year would know of nothing in the last day. So
    the data end, from the median trip on, where a week goes by without a trip.
    """
    hours = zone_ended_hour.group_by("hour").aggregate([("trips", "sum")]).sort_by("hour")
    at, trips = hours["hour"].to_pylist(), hours["trips_sum"].to_numpy()
    last = int(np.searchsorted(np.cumsum(trips), trips.sum() / 2))
    while last + 1 < len(at) and at[last + 1] - at[last] <= SILENCE:
        last += 1
    return at[last] + timedelta(hours=1)


def training_set(silver: Path, store: Path, out: Path, sample: int = SAMPLE, seed: int = 0) -> dict[str, int]:
    """Replace the file `out` by the training set: TRAINING, by pickup_at and trip_id.

    silver    folder with service=*/month=*/*.parquet of canonical trips
    store     folder that `build` made
    sample    at most so many trips (features/sampling.py): of more, an even sample over time
    returns   trips_usable (pickup zone and dropoff time are known), trips_sampled
    """
    from course_lib.features import feast

    trips, usable = bottom(_usable(silver), sample, seed)
    if trips is None or not trips.num_rows:
        write_table(TRAINING.empty_table(), out)
        return {"trips_usable": usable, "trips_sampled": 0}
    trips = trips.sort_by([("pickup_at", "ascending"), ("trip_id", "ascending")]).combine_chunks()
    known = feast.training_set(feast.open_store(store), trips)
    write_table(_columns(known), out)
    return {"trips_usable": usable, "trips_sampled": trips.num_rows}


def _usable(silver: Path) -> Iterator[pa.Table]:
    """The trips with a duration and a pickup zone, a row group at a time."""
    for path in sorted(silver.rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for i in range(file.num_row_groups):
                group = file.read_row_group(i, columns=_READ, use_threads=False)
                if group["dropoff_at"].null_count or group["pickup_zone"].null_count:
                    group = group.filter(pc.and_(group["dropoff_at"].is_valid(), group["pickup_zone"].is_valid()))
                yield group


def _columns(known: pa.Table) -> pa.Table:
    """The joined trips in the schema TRAINING."""
    pickup, dropoff = known["pickup_at"], known["dropoff_at"]
    made = {
        "duration_s": pc.divide(pc.subtract(dropoff.cast(pa.int64()), pickup.cast(pa.int64())), 1_000_000),
        "hour": pc.hour(pickup).cast(pa.int32()),
        "weekday": pc.day_of_week(pickup).cast(pa.int32()),
        "expected_s": pc.coalesce(known["route_mean_28d_s"], known["zone_mean_s"], known["city_mean_s"]),
    }
    columns = [made[name] if name in made else known[name] for name in TRAINING.names]
    return pa.table(columns, schema=TRAINING)
