"""How does Spark keep tables that other libraries read, and read those that they wrote?

A Parquet folder is files. Delta Lake and Iceberg add a log of which files make up the table now, and made it up before,
so that a change is seen whole or not at all and an older version can still be read. The log is an open format: what
Spark wrote here, delta-rs and PyIceberg read without a JVM, and the other way round.

A Delta table is found by its folder. An Iceberg table is found by a catalog; here it is a SQLite file, which
PyIceberg's SqlCatalog and Iceberg's JdbcCatalog both understand, where both call it by the same name.

Everywhere below: kind is "delta" or "iceberg", lake the folder of all tables, name what the table is called.
"""

from __future__ import annotations

from pathlib import Path

import adapter
from pyspark.sql import DataFrame, SparkSession


def session(lake: Path) -> SparkSession:
    """A session that knows both formats; Iceberg's tables are called lake.trips.…"""
    catalog = f"jdbc:sqlite:{lake / 'catalog.db'}"
    if (there := SparkSession.getActiveSession()) is not None:  # a start takes seconds
        if there.conf.get("spark.sql.catalog.lake.uri", "") == catalog:
            return there
        there.stop()  # there is one at a time, and it knows one lake
    return adapter.session(**{
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,"
        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.databricks.delta.snapshotPartitions": "1",  # to read a log; the default of 50 is for logs of millions
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "spark.sql.catalog.lake.uri": catalog,
        "spark.sql.catalog.lake.jdbc.schema-version": "V1",  # with views, as PyIceberg makes its catalogs
        "spark.sql.catalog.lake.warehouse": f"file://{lake}",  # not as_uri(): it is taken as it stands, %20 too
        "spark.sql.catalog.lake.cache-enabled": "false",  # others write, too: ask the catalog each time
    })  # fmt: skip


def called(kind: str, lake: Path, name: str) -> str:
    """What SQL calls the table."""
    return f"delta.`{lake / name}`" if kind == "delta" else f"lake.trips.{name}"


def rows_of(kind: str, lake: Path, name: str, version: str | None = None) -> DataFrame:
    """The table as it is now, or as it was in a version."""
    past = "" if version is None else f" VERSION AS OF {int(version)}"
    return session(lake).sql(f"SELECT * FROM {called(kind, lake, name)}{past}")


def append(kind: str, lake: Path, name: str, trips: Path) -> None:
    """Add the rows of a folder of Parquet files in one commit; the first one makes the table."""
    spark = session(lake)
    rows = spark.read.parquet(str(trips))
    if kind == "delta":
        rows.write.format("delta").mode("append").save(str(lake / name))
        return
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.trips")
    table = rows.writeTo(called(kind, lake, name)).using("iceberg").tableProperty("format-version", "2")
    if spark.catalog.tableExists(called(kind, lake, name)):
        table.append()
    else:
        table.create()


def correct(kind: str, lake: Path, name: str, corrections: Path) -> None:
    """Replace trips by their correction, and add those that are new, in one commit."""
    session(lake).read.parquet(str(corrections)).createOrReplaceTempView("corrections")
    session(lake).sql(f"""
        MERGE INTO {called(kind, lake, name)} AS old USING corrections AS new ON old.trip_id = new.trip_id
        WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *""")


def versions(kind: str, lake: Path, name: str) -> list[str]:
    """Every version of the table, the oldest first."""
    table = called(kind, lake, name)
    if kind == "delta":
        log = session(lake).sql(f"DESCRIBE HISTORY {table}").select("version").orderBy("version")
    else:
        log = session(lake).sql(f"SELECT snapshot_id AS version FROM {table}.history ORDER BY made_current_at")
    return [str(row.version) for row in log.collect()]


def read(kind: str, lake: Path, name: str, answer: Path, version: str | None = None) -> None:
    """Write all rows to Parquet files in the folder `answer`, as they are now or as they were in a version."""
    rows_of(kind, lake, name, version).write.parquet(str(answer))


def zone_hour_of(kind: str, lake: Path, name: str, answer: Path, version: str | None = None) -> None:
    """The job on the table, as it is now or as it was in a version."""
    adapter.write_answer(rows_of(kind, lake, name, version), answer)
