"""How does a DuckDB user write the batch job?

SQL over `read_parquet`, a temporary table for the few refused rows, and one COPY per output.

Duplicates go by the idiom of DuckDB's users, QUALIFY over a window. It moves all columns of all rows through the
window; --tuned names the losers by a window over the four columns that decide, and anti-joins them away.
"""

# ruff: noqa: S608  (the SQL is put together from names, rules and paths of our own)

from __future__ import annotations

import duckdb

from benchmarks.job import (
    BOUNDS,
    FARTHEST_M,
    LONGEST_HOURS,
    QUARANTINE,
    REASONS,
    SERVICES,
    SILVER,
    TWIN,
    UNKNOWN_ZONES,
    ZONE_HOURS,
    Order,
    Told,
    perform,
)

RULES = {
    "required_null": "trip_id IS NULL OR service IS NULL OR pickup_at IS NULL",
    "outside_type": " OR ".join(
        [
            f"service NOT IN {SERVICES}",
            *(f"{column} NOT BETWEEN {least} AND {most}" for column, (least, most) in BOUNDS.items()),
        ]
    ),
    "dropoff_not_after_pickup": "dropoff_at <= pickup_at",
    "longer_than_23h": f"dropoff_at > pickup_at + INTERVAL {LONGEST_HOURS} HOUR",
    "refund": "fare_cents < 0 AND has_twin",
    "negative_fare": "fare_cents < 0 AND NOT has_twin",
    "distance_not_positive": "distance_m <= 0",
    "distance_over_100_miles": f"distance_m > {FARTHEST_M}",
}

# For the verdict alone a negative fare is enough: whether it has a twin is asked of the refused rows only.
BROKEN = " OR ".join(
    f"({rule})" for name, rule in RULES.items() if name not in ("refund", "negative_fare")
) + " OR fare_cents < 0"  # fmt: skip

VIEWS = f"""
CREATE VIEW trips AS
SELECT * EXCLUDE (filename, file_row_number) REPLACE (
         CASE WHEN pickup_zone NOT IN {UNKNOWN_ZONES} THEN pickup_zone END AS pickup_zone,
         CASE WHEN dropoff_zone NOT IN {UNKNOWN_ZONES} THEN dropoff_zone END AS dropoff_zone),
       parse_filename(filename) AS source_file,
       file_row_number + 1 AS source_row
FROM read_parquet($inputs, filename = true, file_row_number = true);

CREATE VIEW judged AS SELECT *, coalesce({BROKEN}, false) AS broken FROM trips;
CREATE VIEW valid AS SELECT * EXCLUDE broken FROM judged WHERE NOT broken;
"""

REFUSED = "CREATE TEMP TABLE refused AS SELECT * EXCLUDE broken FROM judged WHERE broken"

SAME = " AND ".join(f"refund.{column} IS NOT DISTINCT FROM paid.{column}" for column in TWIN)
REFUNDS = f"""
CREATE TEMP TABLE refunds AS
SELECT DISTINCT refund.source_file, refund.source_row, true AS has_twin
FROM trips AS paid JOIN (FROM refused WHERE fare_cents < 0) AS refund ON {SAME}
WHERE paid.fare_cents > 0 AND paid.trip_id IS DISTINCT FROM refund.trip_id
"""

NAMES = ", ".join(f"CASE WHEN {RULES[name]} THEN '{name}' END" for name in REASONS)
COPY_QUARANTINE = f"""
COPY (
  SELECT * EXCLUDE has_twin, concat_ws(';', {NAMES}) AS reasons
  FROM (SELECT refused.*, coalesce(has_twin, false) AS has_twin
        FROM refused LEFT JOIN refunds USING (source_file, source_row))
) TO '{{quarantine}}' (FORMAT parquet)
"""

AGE = "row_number() OVER (PARTITION BY trip_id ORDER BY updated_at DESC NULLS LAST, source_file, source_row)"
NEWEST = f"CREATE VIEW newest AS FROM valid QUALIFY {AGE} = 1"
NEWEST_TUNED = f"""
CREATE TEMP TABLE duplicates AS SELECT source_file, source_row FROM valid QUALIFY {AGE} > 1;
CREATE VIEW newest AS FROM valid ANTI JOIN duplicates USING (source_file, source_row);
"""

COPY_SILVER = """
COPY (SELECT *, strftime(pickup_at, '%Y-%m') AS month FROM newest)
TO '{silver}' (FORMAT parquet, PARTITION_BY (service, month))
"""
COPY_SILVER_FLAT = "COPY newest TO '{silver}/trips.parquet' (FORMAT parquet)"

COPY_ZONE_HOURS = """
COPY (
  SELECT date_trunc('hour', pickup_at) AS hour, pickup_zone AS zone, count(*) AS trips,
         sum(fare_cents) AS fare_cents, sum(distance_m) AS distance_m,
         sum(date_diff('second', pickup_at, dropoff_at)) AS seconds, max(fare_cents) AS max_fare_cents
  FROM read_parquet('{silver}/**/*.parquet')
  WHERE pickup_zone IS NOT NULL AND dropoff_at IS NOT NULL AND distance_m IS NOT NULL AND fare_cents IS NOT NULL
  GROUP BY ALL ORDER BY hour, zone
) TO '{zone_hours}' (FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S')
"""


def work(order: Order) -> Told:
    """Silver, quarantine and zone hours of `order.inputs`, by DuckDB."""
    silver, quarantine = order.out / SILVER, order.out / QUARANTINE
    silver.mkdir()
    quarantine.mkdir()
    places = {
        "silver": quoted(silver),
        "quarantine": quoted(quarantine / "trips.parquet"),
        "zone_hours": quoted(order.out / ZONE_HOURS),
    }
    inputs = "[" + ", ".join(f"'{quoted(path)}'" for path in order.inputs) + "]"

    db = duckdb.connect(config={"threads": order.threads, "preserve_insertion_order": False})
    db.execute(VIEWS.replace("$inputs", inputs))  # a view takes no bound parameters
    db.execute(REFUSED)
    db.execute(REFUNDS)
    db.execute(COPY_QUARANTINE.format(**places))
    db.execute(NEWEST_TUNED if "tuned" in order.variants else NEWEST)
    db.execute((COPY_SILVER_FLAT if "flat" in order.variants else COPY_SILVER).format(**places))
    db.execute(COPY_ZONE_HOURS.format(**places))

    def count(table: str) -> int:
        return db.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0]

    rows, refused = count("trips"), count("refused")
    kept = count(f"read_parquet('{places['silver']}/**/*.parquet')")
    return Told(rows, kept, refused, count("duplicates") if "tuned" in order.variants else rows - refused - kept)


def quoted(path: object) -> str:
    """The text of `path` for use between single quotes in SQL."""
    return str(path).replace("'", "''")


if __name__ == "__main__":
    perform(work, variants=("tuned", "flat"))
