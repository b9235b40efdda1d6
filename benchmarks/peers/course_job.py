"""How does the course do the batch job?

By its own batch path on the workers that the pipeline starts. It leaves its tables in folders of its own; links put
them where the job wants them, and its zone hours, a Parquet table, are printed as the job's CSV within the measured
time.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from benchmarks.job import QUARANTINE, SILVER, ZONE_HOURS, ZONE_HOURS_HEADER, Order, Refused, Told, perform


def work(order: Order) -> Told:
    """Silver, quarantine and zone hours of `order.inputs`, by course_lib."""
    try:
        from course_lib.flows import warm

        warm.start()  # as the pipeline does, before the imports below
        from course_lib.flows.cluster import local_workers
        from course_lib.transforms.batch import on_client, run_batch
    except ImportError as error:
        raise Refused(f"the course's batch path is not here: {error}") from error
    with local_workers(order.threads, order.out / "scratch") as client:
        found = run_batch(on_client(client), order.inputs, order.out / "run")
    tables = order.out / "run" / "tables"
    for name in (SILVER, QUARANTINE):
        (order.out / name).symlink_to(Path("run") / "tables" / name, target_is_directory=True)
    write_zone_hours(tables / "gold", order.out / ZONE_HOURS)
    return Told(*(found[name] for name in Told._fields))


def write_zone_hours(gold: Path, path: Path) -> None:
    """The table `zone_hour` of folder `gold` as the job's CSV; its rows are sorted already."""
    files = sorted([*gold.glob("zone_hour.parquet"), *gold.glob("zone_hour/**/*.parquet")])
    table = pa.concat_tables(pq.read_table(file) for file in files).combine_chunks()
    hours = table["hour"].cast(pa.timestamp("s")).combine_chunks().dictionary_encode()
    text = pc.strftime(hours.dictionary, format="%Y-%m-%dT%H:%M:%S").take(hours.indices)
    table = table.set_column(table.schema.get_field_index("hour"), "hour", text)
    with path.open("wb") as file:
        file.write(f"{ZONE_HOURS_HEADER}\n".encode())
        plain = pacsv.WriteOptions(include_header=False, quoting_style="none")
        pacsv.write_csv(table.select(ZONE_HOURS_HEADER.split(",")), file, plain)


if __name__ == "__main__":
    perform(work)
