"""How does a Polars user write the batch job?

Lazy scans, expressions, and sinks of the streaming engine. One `collect_all` over all three sinks would share the
scan; it was slower than three queries, in more memory.

Duplicates go by the idiom of Polars' users, sort and `unique(keep="first")`, with trip_id as the first sort key:
without it the same took two to three times the time and memory at 5 million trips. `.over("trip_id")` was as fast, in a
bit more memory. --tuned sorts only the rows of the few ids that occur more than once, and anti-joins the losers away.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from benchmarks.job import (
    BOUNDS,
    FARTHEST_M,
    LONGEST_HOURS,
    QUARANTINE,
    SERVICES,
    SILVER,
    TWIN,
    UNKNOWN_ZONES,
    ZONE_HOURS,
    Order,
    Told,
    perform,
)

if "--threads" in sys.argv:  # Polars sizes its pool when it is imported
    os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import polars as pl
from polars import col

ROW = ["source_file", "source_row"]
NEWEST_FIRST, DESCENDING = ["updated_at", *ROW], [True, False, False]
NEGATIVE = col("fare_cents") < 0
RULES = {
    "required_null": pl.any_horizontal(col("trip_id", "service", "pickup_at").is_null()),
    "outside_type": pl.any_horizontal(
        ~col("service").is_in(SERVICES),
        *(~col(name).is_between(least, most) for name, (least, most) in BOUNDS.items()),
    ),
    "dropoff_not_after_pickup": col("dropoff_at") <= col("pickup_at"),
    "longer_than_23h": col("dropoff_at") - col("pickup_at") > timedelta(hours=LONGEST_HOURS),
    "refund": NEGATIVE & col("has_twin"),
    "negative_fare": NEGATIVE & ~col("has_twin"),
    "distance_not_positive": col("distance_m") <= 0,
    "distance_over_100_miles": col("distance_m") > FARTHEST_M,
}
# For the verdict alone a negative fare is enough: whether it has a twin is asked of the refused rows only.
BROKEN = pl.any_horizontal(
    NEGATIVE, *(rule for name, rule in RULES.items() if name not in ("refund", "negative_fare"))
).fill_null(False)


def work(order: Order) -> Told:
    """Silver, quarantine and zone hours of `order.inputs`, by Polars."""
    trips = pl.concat(
        pl.scan_parquet(path, row_index_name="source_row", row_index_offset=1).with_columns(
            pl.col("source_row").cast(pl.Int64), source_file=pl.lit(path.name)
        )
        for path in order.inputs
    ).with_columns(
        pl.when(~col(zone).is_in(UNKNOWN_ZONES)).then(zone).alias(zone) for zone in ("pickup_zone", "dropoff_zone")
    )
    valid = trips.filter(~BROKEN)

    refused = with_reasons(trips.filter(BROKEN), trips)
    (order.out / QUARANTINE).mkdir()
    refused.sink_parquet(order.out / QUARANTINE / "trips.parquet", compression="snappy", engine="streaming")

    if "tuned" in order.variants:
        silver = valid.join(duplicates(valid).lazy(), on=ROW, how="anti")
    else:
        silver = valid.sort("trip_id", *NEWEST_FIRST, descending=[False, *DESCENDING], nulls_last=True)
        silver = silver.unique("trip_id", keep="first")
    target: Path | pl.PartitionBy = order.out / SILVER / "trips.parquet"
    if "flat" not in order.variants:
        target = pl.PartitionBy(order.out / SILVER, key=["service", "month"])
        silver = silver.with_columns(month=col("pickup_at").dt.strftime("%Y-%m"))
    silver.sink_parquet(target, compression="snappy", maintain_order=False, mkdir=True, engine="streaming")

    written = pl.scan_parquet(order.out / SILVER / "**" / "*.parquet")
    hours = zone_hours(written)
    hours.sink_csv(order.out / ZONE_HOURS, datetime_format="%Y-%m-%dT%H:%M:%S", engine="streaming")

    def count(rows: pl.LazyFrame) -> int:
        return rows.select(pl.len()).collect(engine="streaming").item()

    rows, kept = count(trips), count(written)
    quarantined = count(pl.scan_parquet(order.out / QUARANTINE / "*.parquet"))
    return Told(rows, kept, quarantined, rows - kept - quarantined)


def with_reasons(refused: pl.LazyFrame, trips: pl.LazyFrame) -> pl.LazyFrame:
    """`refused` with the names of all rules each row breaks, joined by semicolons, as `reasons`."""
    paid = trips.filter(col("fare_cents") > 0).select(*TWIN, payer="trip_id")
    refunds = (
        refused.filter(NEGATIVE)
        .join(paid, on=TWIN, how="inner", nulls_equal=True)
        .filter(col("payer").ne_missing(col("trip_id")))
        .select(*ROW, has_twin=True)
        .unique()
    )
    names = (pl.when(rule).then(pl.lit(name)) for name, rule in RULES.items())
    return (
        refused.join(refunds, on=ROW, how="left")
        .with_columns(col("has_twin").fill_null(False))
        .with_columns(reasons=pl.concat_str(names, separator=";", ignore_nulls=True))
        .drop("has_twin")
    )


def duplicates(valid: pl.LazyFrame) -> pl.DataFrame:
    """source_file and source_row of every row that a newer one of its trip_id displaces."""
    keys = valid.select("trip_id", "updated_at", *ROW)
    several = keys.group_by("trip_id").len().filter(col("len") > 1)
    rivals = keys.join(several, on="trip_id", how="semi").collect(engine="streaming")
    ranked = rivals.sort(NEWEST_FIRST, descending=DESCENDING, nulls_last=True)
    return ranked.filter(~col("trip_id").is_first_distinct()).select(ROW)


def zone_hours(silver: pl.LazyFrame) -> pl.LazyFrame:
    """Sums per pickup zone and hour, sorted."""
    return (
        silver.drop_nulls(["pickup_zone", "dropoff_at", "distance_m", "fare_cents"])
        .group_by(hour=col("pickup_at").dt.truncate("1h"), zone="pickup_zone")
        .agg(
            pl.len().alias("trips"),
            col("fare_cents", "distance_m").cast(pl.Int64).sum(),
            (col("dropoff_at") - col("pickup_at")).dt.total_seconds().sum().alias("seconds"),
            col("fare_cents").max().alias("max_fare_cents"),
        )
        .sort("hour", "zone")
    )


if __name__ == "__main__":
    perform(work, variants=("tuned", "flat"))
