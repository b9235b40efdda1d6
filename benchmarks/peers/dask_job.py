"""How does a Dask DataFrame user write the batch job?

The pandas functions on partitions of one row group each, on a LocalCluster of one-thread workers. Refunds are few, so
they are collected, and their twins are looked up by a broadcast join on the columns it needs. A shuffle by
trip_id of the four columns that decide brings rivals together; the losers are few, so they are collected and
left out partition by partition. Gold is a group-by over the silver that was written.

A shuffle of whole rows instead of four columns reads more naturally, took as much processor time and wrote twice the
bytes. The shuffle writes to disk (Dask's default, P2P), below the output folder here, and removes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow.parquet as pq
from distributed import Client, LocalCluster

from benchmarks.job import QUARANTINE, SILVER, ZONE_HOURS, Order, Told, perform
from benchmarks.peers.pandas_job import (
    REFUND,
    SUMS,
    duplicates,
    is_broken,
    twins,
    typed,
    with_month,
    with_reasons,
    write_zone_hours,
    zone_hours,
)


class Piece(NamedTuple):
    """One row group of one file."""

    path: Path
    group: int
    first_row: int  # from 1, of the file


def pieces(inputs: tuple[Path, ...]) -> list[Piece]:
    """Every row group of `inputs`."""
    found = []
    for path in inputs:
        metadata, row = pq.read_metadata(path), 1
        for group in range(metadata.num_row_groups):
            found.append(Piece(path, group, row))
            row += metadata.row_group(group).num_rows
    return found


def read(piece: Piece, columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of `piece`, with where they come from; only `columns`, which Dask fills in, where they are named."""
    with pq.ParquetFile(piece.path) as file:
        published = [name for name in file.schema_arrow.names if columns is None or name in columns]
        frame = located(typed(file.read_row_group(piece.group, columns=published)), piece)
    return frame if columns is None else frame[columns]


def located(frame: pd.DataFrame, piece: Piece) -> pd.DataFrame:
    rows = pd.RangeIndex(piece.first_row, piece.first_row + len(frame)).to_series(index=frame.index)
    name = pd.Series(piece.path.name, index=frame.index, dtype="string[pyarrow]")
    return frame.assign(source_file=name, source_row=rows.astype("int64"))


def refused(trips: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    return with_reasons(trips[is_broken(trips)], paid)


def valid(trips: pd.DataFrame) -> pd.DataFrame:
    return trips[~is_broken(trips)]


def losers(keys: pd.DataFrame) -> pd.DataFrame:
    """source_file and source_row of the rows that a newer one displaces; all rows of a trip_id are in `keys`."""
    keys = keys.reset_index(drop=True)  # a shuffle leaves the labels of many partitions
    return keys.loc[duplicates(keys), ["source_file", "source_row"]]


def newest(trips: pd.DataFrame, displaced: pd.DataFrame) -> pd.DataFrame:
    """The valid rows of `trips` that are not among `displaced`, with their month."""
    rows = valid(trips)
    names = rows.source_file.iloc[:1]  # a partition comes from one file
    rows = rows[~rows.source_row.isin(displaced.source_row[displaced.source_file.isin(names)])]
    rows = with_month(rows)
    return rows.assign(month=rows.month.astype("string[pyarrow]"))


def refunds_paid(trips: dd.DataFrame) -> pd.DataFrame:
    """REFUND of every refund that another trip has paid for."""
    keys = trips[[*REFUND, "fare_cents"]]
    refunds = keys[keys.fare_cents < 0].compute()
    return keys.map_partitions(twins, refunds).compute().drop_duplicates()


def work(order: Order) -> Told:
    """Silver, quarantine and zone hours of `order.inputs`, by Dask DataFrame."""
    parts = pieces(order.inputs)
    with pq.ParquetFile(parts[0].path) as file:
        empty = located(typed(file.schema_arrow.empty_table()), parts[0])
    quarantine, silver = order.out / QUARANTINE, order.out / SILVER
    with (
        dask.config.set({"temporary-directory": str(order.out / "scratch")}),
        LocalCluster(order.threads, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        trips = dd.from_map(read, parts, meta=empty)
        paid = refunds_paid(trips)
        keys = trips.map_partitions(valid)[["trip_id", "updated_at", "source_file", "source_row"]]
        displaced = keys.shuffle("trip_id").map_partitions(losers).compute()
        kept = trips.map_partitions(newest, displaced)
        dask.compute(
            trips.map_partitions(refused, paid).to_parquet(quarantine, write_index=False, compute=False),
            kept.to_parquet(silver, write_index=False, partition_on=["service", "month"], compute=False),
        )
        columns = ["pickup_at", "dropoff_at", "pickup_zone", "distance_m", "fare_cents"]
        hours = dd.read_parquet(silver, columns=columns).map_partitions(zone_hours)
        adds = {"trips": "sum", **dict.fromkeys(SUMS, "sum"), "max_fare_cents": "max"}
        write_zone_hours(hours.groupby(["hour", "zone"]).agg(adds).reset_index().compute(), order.out / ZONE_HOURS)
    rows, rows_silver, rows_refused = (
        sum(pq.read_metadata(path).num_rows for path in paths)
        for paths in (order.inputs, silver.rglob("*.parquet"), quarantine.rglob("*.parquet"))
    )
    return Told(rows, rows_silver, rows_refused, rows - rows_silver - rows_refused)


if __name__ == "__main__":
    perform(work)
