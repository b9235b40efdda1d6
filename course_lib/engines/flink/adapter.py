"""The job in Apache Flink: the same SQL in batch and on a stream.

For a reader who knows pandas: Flink's tables have a name and hold nothing. `CREATE TABLE` says where rows come from or
go to, a view gives a query a name, and a collect or an INSERT starts a job that runs until its input ends. Files end. A
topic does not, so a stream must know when an hour is complete: the watermark says "nothing older than this is expected
any more", and when it has passed a window's end, the window is closed and its memory freed.
"""

from __future__ import annotations

import json
import os
import socket
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

COLUMNS = """trip_id BIGINT, pickup_zone INT, pickup_at TIMESTAMP(3), dropoff_at TIMESTAMP(3), distance_m INT,
             fare_cents INT, updated_at TIMESTAMP(3), source_file STRING, source_row BIGINT"""
# A comparison with NULL is unknown, and WHERE keeps what is true: no row is kept for want of a value.
VALID = "pickup_zone IS NOT NULL AND dropoff_at > pickup_at AND distance_m > 0 AND fare_cents >= 0"
NEWEST = "ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY updated_at DESC NULLS LAST, source_file, source_row)"
SUMS = """pickup_zone AS zone, COUNT(*) AS trips, SUM(CAST(fare_cents AS BIGINT)) AS fares,
          SUM(CAST(distance_m AS BIGINT)) AS meters, MAX(fare_cents) AS max_fare,
          SUM(CAST(TIMESTAMPDIFF(SECOND, pickup_at, dropoff_at) AS BIGINT)) AS seconds"""
KEY = "DATE_FORMAT(`hour`, 'yyyy-MM-dd''T''HH:mm:ss') || ',' || CAST(zone AS STRING)"
NUMBERS = [f"CAST({name} AS STRING)" for name in ("trips", "fares", "meters", "seconds", "max_fare")]
LINE = f"CONCAT_WS(',', {KEY}, {', '.join(NUMBERS)})"
LISTENERS = ("jobmanager.bind-host", "jobmanager.rpc.address", "taskmanager.bind-host", "taskmanager.host",
             "rest.address", "rest.bind-address")  # fmt: skip
HEADER = "hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"


def flink(streaming: bool, **more: str) -> TableEnvironment:
    """Flink inside this process: nothing listens but on loopback, and wall times are not moved by a zone."""
    told = {
        "pipeline.jars": ";".join(path.as_uri() for path in sorted(Path(os.environ["ENGINE_JARS"]).glob("*.jar"))),
        "parallelism.default": "2",
        "table.local-time-zone": "UTC",
        **dict.fromkeys(LISTENERS, "127.0.0.1"),
        "rest.bind-port": "0",
        "io.tmp.dirs": os.environ["TMPDIR"],
    }
    settings = Configuration()
    for name, value in (told | more).items():
        settings.set_string(name, value)
    made = EnvironmentSettings.new_instance().with_configuration(settings)
    return TableEnvironment.create((made.in_streaming_mode() if streaming else made.in_batch_mode()).build())


def zone_hour(trips: Path, answer: Path) -> None:
    """The job on a folder of Parquet files."""
    table = flink(streaming=False)
    table.execute_sql(f"""
        CREATE TEMPORARY TABLE trips ({COLUMNS}) WITH ('connector' = 'filesystem', 'path' = '{trips.as_uri()}',
              'format' = 'parquet', 'parquet.utc-timezone' = 'true')""")
    place = NEWEST.format(keys="trip_id")
    rows = table.sql_query(f"""
        WITH numbered AS (SELECT *, {place} AS place FROM trips WHERE {VALID}),
             sums AS (SELECT FLOOR(pickup_at TO HOUR) AS `hour`, {SUMS}
                      FROM numbered WHERE place = 1 GROUP BY FLOOR(pickup_at TO HOUR), pickup_zone)
        SELECT `hour`, zone, {LINE} FROM sums ORDER BY `hour`, zone""")
    with rows.execute().collect() as found:
        lines = [row[2] for row in found]
    answer.write_text("".join(f"{line}\n" for line in [HEADER, *lines]), "utf-8", newline="\n")


def stream(
    bootstrap: str, events: str, windows: str, late: str, state: Path, until: str, since: int | None = None
) -> None:
    """The job on a topic, an hour at a time, until the hour `until` is over; trips that came too late go to `late`.

    since  time of publication [ms] from which on to read, where nothing was read before; None for everything
    state  checkpoints: positions, open windows and what was written; a new run with the same folder goes on there
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = {
        **dict.fromkeys(("rest.port", "rest.bind-port"), str(port)),
        "execution.checkpointing.interval": "1 s",
        "execution.checkpointing.dir": state.as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }
    if checkpoint := newest_checkpoint(state):
        more["execution.state-recovery.path"] = checkpoint.as_uri()
    table = flink(streaming=True, **more)
    start = "'earliest-offset'" if since is None else f"'timestamp', 'scan.startup.timestamp-millis' = '{since}'"
    kafka = f"'connector' = 'kafka', 'properties.bootstrap.servers' = '{bootstrap}'"
    table.execute_sql(f"""
        CREATE TEMPORARY TABLE events ({COLUMNS},
            event_time AS COALESCE(pickup_at, TIMESTAMP '1970-01-01 00:00:00'),  -- a watermark knows no NULL
            WATERMARK FOR event_time AS event_time - INTERVAL '1' HOUR)          -- an hour out of order is fine
        WITH ({kafka}, 'topic' = '{events}', 'properties.isolation.level' = 'read_committed',
              'scan.startup.mode' = {start}, 'scan.watermark.emit.strategy' = 'on-event',
              'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601', 'json.ignore-parse-errors' = 'true')""")
    for sink, topic in (("windows", windows), ("late", late)):  # what is written is committed with the checkpoint
        table.execute_sql(f"""
            CREATE TEMPORARY TABLE {sink} (name STRING, content STRING)
            WITH ({kafka}, 'topic' = '{topic}', 'sink.delivery-guarantee' = 'exactly-once',
                  'sink.transactional-id-prefix' = '{topic}', 'properties.transaction.timeout.ms' = '600000',
                  'key.format' = 'raw', 'key.fields' = 'name', 'value.format' = 'raw',
                  'value.fields-include' = 'EXCEPT_KEY')""")
    over = "COALESCE(FLOOR(event_time TO HOUR) + INTERVAL '1' HOUR <= CURRENT_WATERMARK(event_time), FALSE)"
    table.execute_sql(f"CREATE TEMPORARY VIEW on_time AS SELECT * FROM events WHERE {VALID} AND NOT {over}")
    place = NEWEST.format(keys="window_start, window_end, trip_id")
    both = table.create_statement_set()
    both.add_insert_sql(f"""
        INSERT INTO windows
        WITH hourly AS (SELECT * FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(event_time), INTERVAL '1' HOUR))),
             numbered AS (SELECT *, {place} AS place FROM hourly),
             sums AS (SELECT window_start AS `hour`, {SUMS}
                      FROM numbered WHERE place = 1 GROUP BY window_start, window_end, pickup_zone)
        SELECT {KEY}, {LINE} FROM sums""")
    both.add_insert_sql(f"""
        INSERT INTO late
        SELECT CAST(trip_id AS STRING), CAST(pickup_at AS STRING) FROM events WHERE {VALID} AND {over}""")
    job = both.execute().get_job_client()
    end = datetime.fromisoformat(until).replace(tzinfo=timezone.utc).timestamp() + 3600  # noqa: UP017
    while watermark(port, str(job.get_job_id())) < end:
        time.sleep(0.3)
    told = json.dumps({"targetDirectory": state.as_uri(), "drain": False}).encode()  # commits what is written, and ends
    address, kind = f"http://127.0.0.1:{port}/jobs/{job.get_job_id()}/stop", {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(address, told, kind), timeout=30).close()
    job.get_job_execution_result().result()


def watermark(port: int, job: str) -> float:
    """How far the slowest part of the job is [s since 1970], as Flink's own web page would show it."""
    at = f"http://127.0.0.1:{port}/jobs/{job}"

    def ask(path: str) -> Any:
        with urllib.request.urlopen(at + path, timeout=30) as answer:
            return json.load(answer)

    vertices = [vertex["id"] for vertex in ask("")["vertices"]]
    return min(
        (int(mark["value"]) / 1000 for one in vertices for mark in ask(f"/vertices/{one}/watermarks")), default=0
    )


def newest_checkpoint(state: Path) -> Path | None:
    """The newest complete checkpoint or savepoint below `state`."""
    found = [path.parent for path in state.rglob("_metadata")]
    return max(found, key=lambda path: (path / "_metadata").stat().st_mtime_ns, default=None)
