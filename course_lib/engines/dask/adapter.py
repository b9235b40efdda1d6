"""How does a Dask user count trips by zone and hour?

Like pandas on one file, but as a graph of tasks: nothing runs until `compute`, and then every task whose inputs are
there runs on whichever worker is free. Two ideas carry it.

A correction may come in a later file than the row that it replaces, so the rows of one trip_id must meet before the
newest can be chosen: each file is split by trip_id into shares, and the shares of all files with the same number go to
one task. That is a shuffle, written by hand.

Sums of integers merge in any order. So each share is reduced to a small state at once, where its rows are, and only
states travel: two by two, up a tree.
"""

from __future__ import annotations

from pathlib import Path

import dask
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from distributed import Client, LocalCluster

from course_lib.aggregates.grouped import Grouped, merge_all
from course_lib.reference import NEEDED
from course_lib.transforms.gold import zone_hour as state_of
from course_lib.transforms.gold import zone_hour_csv, zone_hour_table
from course_lib.transforms.newest import newest
from course_lib.trips.columns import Columns

SHARES = 4

VALID = (  # a null compares to null, and a filter keeps what is true
    pc.field("pickup_zone").is_valid()
    & (pc.field("dropoff_at") > pc.field("pickup_at"))
    & (pc.field("distance_m") > 0)
    & (pc.field("fare_cents") >= 0)
)


def zone_hour(trips: Path, answer: Path) -> None:
    """Write the demand by hour and zone of all Parquet files in the folder `trips` to the CSV file `answer`."""
    # `delayed` turns a call into a task; nout says how many results it has, each a task for others to depend on.
    split = dask.delayed(shares, nout=SHARES, pure=True)
    files = [split(file) for file in sorted(trips.glob("*.parquet"))]
    states = [dask.delayed(reduce)([file[number] for file in files]) for number in range(SHARES)]
    while len(states) > 1:
        states = [dask.delayed(merge_all)(states[i : i + 2]) for i in range(0, len(states), 2)]

    # Two processes of one thread: counting in Python holds the interpreter's lock. All of it on loopback.
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0
        ) as cluster,
        Client(cluster),
    ):
        total = states[0].compute()  # on the cluster, because its client is now the default
    answer.write_text(zone_hour_csv(zone_hour_table(total)), encoding="utf-8")


def shares(file: Path) -> list[pa.Table]:
    """The valid rows of one file, in SHARES tables; all rows of a trip_id are in the same one."""
    rows = pq.read_table(file, columns=list(NEEDED), filters=VALID)
    share = rows["trip_id"].to_numpy().view(np.uint64) % SHARES  # unsigned: ids may be negative
    return [rows.filter(pa.array(share == number)) for number in range(SHARES)]


def reduce(parts: list[pa.Table]) -> Grouped:
    """The sums of one share of all files, each trip counted once."""
    rows = pa.concat_tables(parts).combine_chunks()
    return state_of(Columns(rows.filter(pa.array(newest(rows))).combine_chunks()))
