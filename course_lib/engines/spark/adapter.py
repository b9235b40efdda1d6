"""The job in Apache Spark: one set of transformations, on files and on a stream.

For a reader who knows pandas: a Spark DataFrame is a plan, not data. `select`, `where`, `groupBy` describe; nothing
is read until an action (`collect`, a writer, a streaming query) asks for rows, and then Spark plans the whole chain at
once and runs it in pieces, here on the cores of one machine (`local[*]`), elsewhere on a thousand. What is described
for files can be run on an endless stream; only where it begins, where it ends and when it is done differ.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from pyspark.errors import StreamingQueryException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  # as every user of Spark calls it

EVENT = """trip_id bigint, pickup_zone int, pickup_at timestamp, dropoff_at timestamp, distance_m int,
           fare_cents int, updated_at timestamp, source_file string, source_row bigint"""
LAST = 2**63 - 1
RESTARTS = 3  # of a stream; one was ever needed

HEADER = "hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"


def session(**more: str) -> SparkSession:
    """Spark on this machine: nothing listens but on loopback, and wall times are not moved by a zone."""
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else Python workers are whatever `python3` is
    jars = sorted(str(path) for path in Path(os.environ["ENGINE_JARS"]).glob("*.jar"))
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraClassPath": ":".join(jars),
        "spark.driver.extraJavaOptions": f'-Djava.io.tmpdir="{os.environ["TMPDIR"]}" -XX:-UsePerfData',
        "spark.local.dir": os.path.relpath(os.environ["TMPDIR"]),  # a comma in its full name would part two folders
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",  # the default of 200 is for clusters: here it would be 200 tiny tasks
    }
    builder = SparkSession.builder.master("local[*]").appName("zone_hour")
    for name, value in (settings | more).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def valid(rows: DataFrame) -> DataFrame:
    """Step 1. A comparison with null is null, and `where` keeps what is true: no row is kept for want of a value."""
    fit = (F.col("dropoff_at") > F.col("pickup_at")) & (F.col("distance_m") > 0) & (F.col("fare_cents") >= 0)
    return rows.where(fit & F.col("pickup_zone").isNotNull())


def newest(rows: DataFrame, *within: Column | str) -> DataFrame:
    """Step 2: one row per trip_id, as sort_values and drop_duplicates in pandas: structs compare field by field."""
    age = F.coalesce(-F.unix_micros(F.col("updated_at").cast("timestamp")), F.lit(LAST))  # null is oldest
    trip = F.struct("pickup_zone", "pickup_at", "dropoff_at", "distance_m", "fare_cents")
    best = F.min_by(trip, F.struct(age, "source_file", "source_row")).alias("trip")
    return rows.groupBy(*within, "trip_id").agg(best).select(*(["window"] if within else []), "trip.*")


def demand(rows: DataFrame, hour: Column | str) -> DataFrame:
    """Step 3: columns window or hour, zone and the int64 sums."""

    def at(name: str) -> Column:
        return F.unix_seconds(F.col(name).cast("timestamp"))

    return rows.groupBy(hour, F.col("pickup_zone").alias("zone")).agg(
        F.count("*").alias("trips"),
        F.sum("fare_cents").alias("fare_cents"),
        F.sum("distance_m").alias("distance_m"),
        F.sum(at("dropoff_at") - at("pickup_at")).alias("seconds"),
        F.max("fare_cents").alias("max_fare_cents"),
    )


def line() -> Column:
    """Step 4: a row of the answer as text."""
    hour = F.date_format("hour", "yyyy-MM-dd'T'HH:mm:ss")
    return F.concat_ws(",", hour, "zone", "trips", "fare_cents", "distance_m", "seconds", "max_fare_cents")


def write_answer(rows: DataFrame, answer: Path) -> None:
    """The whole job; `collect` is what sets it going."""
    sums = demand(newest(valid(rows)), F.date_trunc("hour", "pickup_at").alias("hour"))
    lines = [row.line for row in sums.orderBy("hour", "zone").select(line().alias("line")).collect()]
    answer.write_text("".join(f"{text}\n" for text in [HEADER, *lines]), "utf-8", newline="\n")


def zone_hour(trips: Path, answer: Path) -> None:
    """The job on a folder of Parquet files."""
    spark = session()
    write_answer(spark.read.parquet(str(trips)), answer)
    spark.stop()


def stream(
    bootstrap: str, events: str, windows: str, late: str, state: Path, until: str, since: int | None = None
) -> dict[str, int]:
    """The job on a topic, an hour at a time, until the hour `until` is over: {"late": how many}.

    since  time of publication [ms] from which on to read, where nothing was read before; None for everything
    state  the checkpoint: positions, open windows and what was written; a new run with the same folder goes on there
    late   is not used: Spark counts what came after its window was closed, and cannot hand it out
    """
    spark = session()
    kafka = {"kafka.bootstrap.servers": bootstrap}
    start = {"startingOffsets": "earliest"} if since is None else {"startingTimestamp": str(since)}
    asked = kafka | start | {"subscribe": events, "kafka.isolation.level": "read_committed"}
    rows = (
        spark.readStream.format("kafka").options(**asked).load()
        .select(F.from_json(F.col("value").cast("string"), EVENT).alias("event")).select("event.*")
    )  # fmt: skip
    # Events may come an hour out of order; then their window is closed. Only trips may close it: a row that is none
    # may have any time, the year 2099 too.
    trips = valid(rows).withWatermark("pickup_at", "1 hour")
    hours = newest(trips, F.window("pickup_at", "1 hour"))
    sums = demand(hours, "window").withColumn("hour", F.col("window.start"))
    key = F.concat_ws(",", F.date_format("hour", "yyyy-MM-dd'T'HH:mm:ss"), "zone")
    writer = (
        sums.select(key.alias("key"), line().alias("value"))
        .writeStream.format("kafka").options(**kafka).option("topic", windows)  # at least once: the key tells repeats
        .option("checkpointLocation", str(state)).outputMode("append").trigger(processingTime="500 milliseconds")
    )  # fmt: skip
    query = writer.start()
    end, mark, deaths = (datetime.fromisoformat(until) + timedelta(hours=1)).isoformat(), "", 0
    dropped: dict[int, int] = {}
    while mark < end:  # as text: it compares as time does
        try:
            query.awaitTermination(0.5)  # raises what the query died of
        except StreamingQueryException as error:
            if "scala.Option.get()" not in str(error):
                raise
            if (deaths := deaths + 1) > RESTARTS:
                raise RuntimeError(f"the query died {deaths} times of what a restart should mend") from error
            query = writer.start()  # Spark 4.1 dies of its own metrics after a batch that it had to repeat: SPARK-55271
        for progress in query.recentProgress:
            dropped[progress["batchId"]] = sum(op["numRowsDroppedByWatermark"] for op in progress["stateOperators"])
            mark = max(mark, progress["eventTime"].get("watermark", ""))
    query.stop()
    spark.stop()
    return {"late": sum(dropped.values())}


from tables import append, correct, read, versions, zone_hour_of  # noqa: E402, F401  # Delta Lake, Iceberg: tables.py
