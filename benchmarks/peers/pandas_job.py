"""How does a pandas user write the batch job?

Everything in memory at once, in pandas' nullable types: without them a null turns a 64-bit id into a float and
changes it. Rules and reasons are masks; only the refused rows pay for text; only ids that occur more than once
are sorted. The functions work on any frame of whole rows, so the Dask peer uses them on its partitions.

It declines where the rows would not fit into memory, rather than be killed or drive others into swap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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
    Refused,
    Told,
    perform,
)

BYTES_PER_ROW = 560  # peak: 508 measured at 5 million trips, and some to spare

REFUND = [*TWIN, "trip_id"]  # two rows with the same are refunds of the same trip, or neither is
SUMS = ["fare_cents", "distance_m", "seconds"]


def typed(table: pa.Table) -> pd.DataFrame:
    """`table` in pandas' nullable types, zones 264 and 265 as null."""
    with pd.option_context("mode.string_storage", "pyarrow"):
        frame = table.to_pandas(types_mapper=NULLABLE.get, split_blocks=True, self_destruct=True)
    for zone in frame.columns.intersection(["pickup_zone", "dropoff_zone"]):
        frame[zone] = frame[zone].mask(frame[zone].isin(UNKNOWN_ZONES))
    return frame


NULLABLE = {
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.string(): pd.StringDtype("pyarrow"),
}


def broken(trips: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Every rule that needs no other row, as its name and the mask of the rows that break it."""
    duration = trips.dropoff_at - trips.pickup_at
    outside = trips.service.notna() & ~trips.service.isin(SERVICES)
    for column, (least, most) in BOUNDS.items():
        outside |= ~trips[column].between(least, most).fillna(True)
    yield "required_null", trips[["trip_id", "service", "pickup_at"]].isna().any(axis=1)
    yield "outside_type", outside
    yield "dropoff_not_after_pickup", trips.dropoff_at <= trips.pickup_at
    yield "longer_than_23h", duration > pd.Timedelta(hours=LONGEST_HOURS)
    yield "negative_fare", (trips.fare_cents < 0).fillna(False)
    yield "distance_not_positive", (trips.distance_m <= 0).fillna(False)
    yield "distance_over_100_miles", (trips.distance_m > FARTHEST_M).fillna(False)


def is_broken(trips: pd.DataFrame) -> pd.Series:
    """The mask of the rows that break any rule."""
    any_rule = pd.Series(False, index=trips.index)
    for _, mask in broken(trips):
        any_rule |= mask.astype(bool)
    return any_rule


def twins(paid: pd.DataFrame, refunds: pd.DataFrame) -> pd.DataFrame:
    """REFUND of those `refunds` that another trip in `paid`, with a positive fare, agrees with; null equals null."""
    near = paid[(paid.fare_cents > 0).fillna(False) & paid.pickup_at.isin(refunds.pickup_at)]
    pairs = refunds[REFUND].merge(near[REFUND], on=list(TWIN), suffixes=("", "_paid"))
    same = (pairs.trip_id == pairs.trip_id_paid).fillna(False) | (pairs.trip_id.isna() & pairs.trip_id_paid.isna())
    return pairs.loc[~same.astype(bool), REFUND].drop_duplicates()


def with_reasons(refused: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """`refused` with the names of all rules each row breaks, joined by semicolons, as `reasons`.

    paid  the keys that `twins` found
    """
    has_twin = refused[REFUND].merge(paid.assign(has_twin=True), on=REFUND, how="left").has_twin.notna().to_numpy()
    reasons = pd.Series("", index=refused.index)
    for name, mask in broken(refused):
        reasons = reasons.mask(mask.astype(bool), reasons + name + ";")
    refund = (refused.fare_cents < 0).fillna(False).astype(bool) & has_twin
    reasons = reasons.mask(refund, reasons.str.replace("negative_fare", "refund"))
    return refused.assign(reasons=reasons.str.removesuffix(";"))


def duplicates(valid: pd.DataFrame) -> pd.Index:
    """The index of every row that a newer one of its trip_id displaces."""
    rivals = valid.loc[valid.trip_id.duplicated(keep=False), ["trip_id", "updated_at", "source_file", "source_row"]]
    ranked = rivals.sort_values(
        ["updated_at", "source_file", "source_row"], ascending=[False, True, True], na_position="last"
    )
    return ranked.index[ranked.trip_id.duplicated(keep="first")]


def zone_hours(silver: pd.DataFrame) -> pd.DataFrame:
    """Sums per hour and pickup zone; unsorted, columns in the order of the job's CSV."""
    complete = silver.dropna(subset=["pickup_zone", "dropoff_at", "distance_m", "fare_cents"])
    rows = pd.DataFrame(
        {
            "hour": complete.pickup_at.dt.floor("h"),
            "zone": complete.pickup_zone.astype("int32"),
            "trips": 1,
            "fare_cents": complete.fare_cents.astype("int64"),
            "distance_m": complete.distance_m.astype("int64"),
            "seconds": (complete.dropoff_at - complete.pickup_at).astype("int64") // 1_000_000,
            "max_fare_cents": complete.fare_cents.astype("int64"),
        }
    )
    return merged(rows)


def merged(rows: pd.DataFrame) -> pd.DataFrame:
    """Partial sums of zone hours added up."""
    adds = {"trips": "sum", **dict.fromkeys(SUMS, "sum"), "max_fare_cents": "max"}
    return rows.groupby(["hour", "zone"], as_index=False, sort=False).agg(adds)


def write_zone_hours(rows: pd.DataFrame, path: Path) -> None:
    """`rows`, sorted, as the job's CSV."""
    rows = rows.sort_values(["hour", "zone"])
    rows.assign(hour=labelled(rows.hour, pd.Timestamp.isoformat)).to_csv(path, index=False)


def labelled(values: pd.Series, label: Callable[[Any], str]) -> pd.Series:
    """`values` as text, each distinct one formatted once: strftime on every row took a third of the whole run."""
    return values.astype("category").cat.rename_categories(label)


def with_month(silver: pd.DataFrame) -> pd.DataFrame:
    """`silver` with the month of pickup_at, as YYYY-MM."""
    return silver.assign(month=labelled(silver.pickup_at.dt.to_period("M"), str))


def available_bytes() -> int:
    """Memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 1 << 62  # not Linux: try


def work(order: Order) -> Told:
    """Silver, quarantine and zone hours of `order.inputs`, by pandas."""
    pa.set_cpu_count(order.threads)
    rows = sum(pq.read_metadata(path).num_rows for path in order.inputs)
    need, have = rows * BYTES_PER_ROW, available_bytes()
    if need > 0.9 * have:
        raise Refused(f"{rows:,} rows need about {need / 1e9:.0f} GB in pandas; {have / 1e9:.0f} GB are free")

    frames = []
    for path in order.inputs:
        frame = typed(pq.read_table(path))
        frame["source_file"] = pd.Series(path.name, index=frame.index, dtype=pd.StringDtype("pyarrow"))
        frame["source_row"] = range(1, len(frame) + 1)
        frames.append(frame)
    trips = pd.concat(frames, ignore_index=True)
    del frames, frame

    bad = is_broken(trips)
    refused = trips[bad]
    refused = with_reasons(refused, twins(trips, refused[(refused.fare_cents < 0).fillna(False)]))
    (order.out / QUARANTINE).mkdir()
    refused.to_parquet(order.out / QUARANTINE / "trips.parquet", index=False)

    valid = trips[~bad]
    del trips
    losers = duplicates(valid)
    silver = valid.drop(index=losers)
    del valid
    (order.out / SILVER).mkdir()
    with_month(silver).to_parquet(order.out / SILVER, index=False, partition_cols=["service", "month"])
    write_zone_hours(zone_hours(silver), order.out / ZONE_HOURS)
    return Told(rows, len(silver), len(refused), len(losers))


if __name__ == "__main__":
    perform(work)
