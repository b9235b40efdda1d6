"""The job in Apache Flink: the same SQL in batch and on a stream.

For a reader who knows pandas: Flink's tables have a name and hold nothing. `CREATE TABLE` says where rows come from or
go to, a view gives a query a name, and an INSERT starts a job that runs until its input ends. Files end. A topic does
not, so a stream must know when an hour is complete: the watermark says "nothing older than this is expected any more",
and when it has passed a window's end, the window is closed and its memory freed.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from progress import free_port, newest_checkpoint, quoted, stop, uri, watermark
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
    """Flink in a JVM of this process: nothing listens but on loopback, and wall times are not moved by a zone."""
    # Files go where ours go, which Java does not know. In the folder's full name, blanks and commas would part two.
    temporary = os.path.relpath(os.environ["TMPDIR"])
    # One compiler and one collector are quicker to start.
    options = ("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g")
    os.environ["JVM_ARGS"] = " ".join([f"-Djava.io.tmpdir={temporary}", *options])
    os.environ["FLINK_LOG_DIR"] = temporary
    told = {
        "pipeline.jars": ";".join(path.as_uri() for path in sorted(Path(os.environ["ENGINE_JARS"]).glob("*.jar"))),
        "parallelism.default": "2",
        "table.local-time-zone": "UTC",
        **dict.fromkeys(LISTENERS, "127.0.0.1"),
        "rest.bind-port": "0",
        "io.tmp.dirs": temporary,
    }
    settings = Configuration()
    for name, value in (told | more).items():
        settings.set_string(name, value)
    made = EnvironmentSettings.new_instance().with_configuration(settings)
    return TableEnvironment.create((made.in_streaming_mode() if streaming else made.in_batch_mode()).build())


def zone_hour(trips: Path, answer: Path) -> None:
    """The job on a folder of Parquet files. What is collected comes row by row, so the answer is written by Flink."""
    table = flink(streaming=False)
    table.execute_sql(f"""
        CREATE TEMPORARY TABLE trips ({COLUMNS}) WITH ('connector' = 'filesystem', 'path' = {quoted(trips)},
              'format' = 'parquet', 'parquet.utc-timezone' = 'true')""")
    place = NEWEST.format(keys="trip_id")
    with TemporaryDirectory() as parts:
        table.execute_sql(f"""
            CREATE TEMPORARY TABLE answer (line STRING) WITH ('connector' = 'filesystem', 'format' = 'raw',
                  'path' = {quoted(Path(parts))}, 'sink.parallelism' = '1')""")  # one file, in order
        rows = table.sql_query(f"""
            WITH numbered AS (SELECT *, {place} AS place FROM trips WHERE {VALID}),
                 sums AS (SELECT FLOOR(pickup_at TO HOUR) AS `hour`, {SUMS}
                          FROM numbered WHERE place = 1 GROUP BY FLOOR(pickup_at TO HOUR), pickup_zone)
            SELECT {LINE} AS line FROM sums ORDER BY `hour`, zone""")
        rows.execute_insert("answer").wait()
        lines = "".join(part.read_text("utf-8") for part in Path(parts).glob("part-*"))
    answer.write_text(f"{HEADER}\n{lines}", "utf-8", newline="\n")


def stream(
    bootstrap: str, events: str, windows: str, late: str, state: Path, until: str, since: int | None = None
) -> None:
    """The job on a topic, an hour at a time, until the hour `until` is over; trips that came too late go to `late`.

    since  time of publication [ms] from which on to read, where nothing was read before; None for everything
    state  checkpoints: positions, open windows and what was written; a new run with the same folder goes on there
    """
    port = free_port()
    more = {
        **dict.fromkeys(("rest.port", "rest.bind-port"), str(port)),
        "metrics.fetcher.update-interval": "200 ms",  # how old a watermark may be when it is told
        "execution.checkpointing.interval": "1 s",
        "execution.checkpointing.dir": uri(state),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "none",  # a job that fails ends here, and whoever started it sees why
    }
    if checkpoint := newest_checkpoint(state):
        more["execution.state-recovery.path"] = uri(checkpoint)
    table = flink(streaming=True, **more)
    start = "'earliest-offset'" if since is None else f"'timestamp', 'scan.startup.timestamp-millis' = '{since}'"
    kafka = f"'connector' = 'kafka', 'properties.bootstrap.servers' = '{bootstrap}'"
    table.execute_sql(f"""
        CREATE TEMPORARY TABLE events ({COLUMNS}, `partition` INT METADATA VIRTUAL, read_at AS PROCTIME(),
            event_time AS COALESCE(CASE WHEN {VALID} THEN pickup_at END, TIMESTAMP '1970-01-01 00:00:00'),
            WATERMARK FOR event_time AS event_time - INTERVAL '1' HOUR)  -- an hour out of order is fine
        WITH ({kafka}, 'topic' = '{events}', 'properties.isolation.level' = 'read_committed',
              'scan.startup.mode' = {start}, 'scan.watermark.emit.strategy' = 'on-event',
              'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601', 'json.ignore-parse-errors' = 'true')""")
    for sink, topic in (("windows", windows), ("late", late)):  # what is written is committed with the checkpoint
        table.execute_sql(f"""
            CREATE TEMPORARY TABLE {sink} (name STRING, content STRING)
            WITH ({kafka}, 'topic' = '{topic}', 'sink.delivery-guarantee' = 'exactly-once', 'sink.parallelism' = '1',
                  'sink.transactional-id-prefix' = '{topic}', 'properties.transaction.timeout.ms' = '600000',
                  'key.format' = 'raw', 'key.fields' = 'name', 'value.format' = 'raw',
                  'value.fields-include' = 'EXCEPT_KEY')""")
    # A window drops what is late without a word, and a watermark begins anew after a restart. So lateness is told by
    # a clock of our own: the newest pickup of each partition, which is state, and comes back with the checkpoint.
    so_far = "PARTITION BY `partition` ORDER BY read_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    table.execute_sql(f"""
        CREATE TEMPORARY VIEW clocked AS
        SELECT *, FLOOR(event_time TO HOUR) + INTERVAL '2' HOUR <= MAX(event_time) OVER ({so_far}) AS is_late
        FROM events""")
    table.execute_sql(f"CREATE TEMPORARY VIEW on_time AS SELECT * FROM clocked WHERE {VALID} AND NOT is_late")
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
        SELECT CAST(trip_id AS STRING), CAST(pickup_at AS STRING) FROM clocked WHERE {VALID} AND is_late""")
    job = both.execute().get_job_client()
    end = datetime.fromisoformat(until).replace(tzinfo=timezone.utc).timestamp() + 3600  # noqa: UP017
    address = f"http://127.0.0.1:{port}/jobs/{job.get_job_id()}"
    try:
        while watermark(address) < end:
            time.sleep(0.3)
        stop(address, state)
    except URLError:
        job.get_job_execution_result().result()  # raises what the job died of
        raise
    job.get_job_execution_result().result()
