"""How does Spark keep tables that other libraries read, and read those that they wrote?

A Parquet folder is files. Delta Lake and Iceberg add a log of which files make up the table now, and made it up before,
so that a change is seen whole or not at all and an older version can still be read. The log is an open format: what
Spark wrote here, delta-rs and PyIceberg read without a JVM, and the other way round.

A Delta table is found by its folder. An Iceberg table is found by a catalog; here it is a SQLite file, which
PyIceberg's SqlCatalog and Iceberg's JdbcCatalog both understand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import adapter
from pyspark.sql import SparkSession


@contextmanager
def session(lake: Path) -> Iterator[SparkSession]:
    """A session that knows both formats; Iceberg's tables are called lake.trips.…"""
    settings = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,"
        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "spark.sql.catalog.lake.uri": f"jdbc:sqlite:{lake / 'catalog.db'}",
        "spark.sql.catalog.lake.jdbc.schema-version": "V1",
        "spark.sql.catalog.lake.warehouse": lake.as_uri(),
    }
    spark = adapter.session(**settings)
    yield spark
    spark.stop()


def name(kind: str, lake: Path) -> str:
    """How SQL calls the table of trips."""
    return f"delta.`{lake / 'delta'}`" if kind == "delta" else "lake.trips.bronze"


def append(kind: str, lake: Path, trips: Path) -> None:
    """Add the rows of a folder of Parquet files in one commit; the first one makes the table.

    kind  delta or iceberg
    lake  the folder of the tables
    """
    with session(lake) as spark:
        rows = spark.read.parquet(str(trips))
        if kind == "delta":
            rows.write.format("delta").mode("append").save(str(lake / "delta"))
            return
        spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.trips")
        if spark.catalog.tableExists(name(kind, lake)):
            rows.writeTo(name(kind, lake)).append()
        else:
            rows.writeTo(name(kind, lake)).using("iceberg").tableProperty("format-version", "2").create()


def correct(kind: str, lake: Path, corrections: Path) -> None:
    """Replace trips by their correction, and add those that are new, in one commit."""
    with session(lake) as spark:
        spark.read.parquet(str(corrections)).createOrReplaceTempView("corrections")
        spark.sql(f"""
            MERGE INTO {name(kind, lake)} AS old USING corrections AS new ON old.trip_id = new.trip_id
            WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *""")


def zone_hour_of(kind: str, lake: Path, answer: Path) -> None:
    """The job on the table as it is now."""
    with session(lake) as spark:
        adapter.write_answer(spark.table(name(kind, lake)), answer)
