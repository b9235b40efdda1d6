"""How does a Beam user count trips by zone and hour?

A Beam program does not compute; it describes. `|` puts a step after a collection, and the whole is handed to a runner:
the Direct runner here, in one process, Flink or Dataflow elsewhere, and the program stays as it is. A collection has no
order and no end that one could ask for, so everything is said of elements, keys and windows: what is a `groupby` in
pandas is CombinePerKey, and its function must not care in which order and in how many portions it sees the rows.

The same program runs over a stream, where the question is when a window is complete. `late_panes` shows it: a watermark
says how far event time has come; a window speaks when the watermark passes its end, again for each late element, and
what comes after the allowed lateness is dropped.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms import trigger, window
from apache_beam.transforms.combiners import ToList
from apache_beam.utils.timestamp import Duration
from apache_beam.utils.windowed_value import PaneInfoTiming

# `DirectRunner` is these two behind a switch, which first tries a third, Prism: that one is downloaded while the
# pipeline runs, and has workers listen on every network of the machine.
BATCH, STREAM = "FnApiRunner", "BundleBasedDirectRunner"

HEADER = "hour,zone,trips,fare_cents,distance_m,seconds,max_fare_cents"
COLUMNS = ["trip_id", "pickup_zone", "pickup_at", "dropoff_at", "distance_m", "fare_cents"]
TIES = ["updated_at", "source_file", "source_row"]


def zone_hour(trips: Path, answer: Path) -> None:
    """Write the demand by hour and zone of all Parquet files in the folder `trips` to the CSV file `answer`."""
    with beam.Pipeline(options=PipelineOptions([], runner=BATCH)) as pipeline:
        describe(pipeline, trips, answer)


def describe(pipeline: beam.Pipeline, trips: Path, answer: Path) -> None:
    """The job, for any runner."""
    (
        pipeline
        | "read" >> beam.io.ReadFromParquet(f"{trips}/*.parquet", columns=COLUMNS + TIES)  # rows as dicts
        | "valid" >> beam.Filter(is_trip)
        | "by trip" >> beam.WithKeys(lambda row: row["trip_id"])
        | "newest" >> beam.CombinePerKey(newest)
        | "measures" >> beam.MapTuple(measures)
        | "sums" >> beam.CombinePerKey(sums)
        | "line" >> beam.MapTuple(line)
        # Beam would rather write many files in no order; this job wants one, sorted.
        | "all" >> ToList()
        | "write" >> beam.Map(lambda lines: answer.write_text("\n".join([HEADER, *sorted_lines(lines), ""])))
    )


def is_trip(row: dict[str, Any]) -> bool:
    """Whether a row counts; a null satisfies nothing."""
    if any(row[name] is None for name in COLUMNS):
        return False
    return row["dropoff_at"] > row["pickup_at"] and row["distance_m"] > 0 and row["fare_cents"] >= 0


def newest(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The row that stands. The newest of the newest is the newest, so it can be asked of any portion of them."""
    rows = list(rows)
    latest = max(age(row) for row in rows)
    ties = [row for row in rows if age(row) == latest]
    return min(ties, key=lambda row: (row["source_file"].encode(), row["source_row"]))  # bytewise


def age(row: dict[str, Any]) -> tuple[bool, datetime]:
    """Something that is larger the newer the row is; null is the oldest."""
    return row["updated_at"] is not None, row["updated_at"] or datetime.min


def measures(_: int, row: dict[str, Any]) -> tuple[tuple[str, int], tuple[int, ...]]:
    """A trip as ((hour, zone), what is added up). The hour is text: equal keys must be equal bytes, on any machine."""
    hour = row["pickup_at"].replace(minute=0, second=0).isoformat()
    seconds = int((row["dropoff_at"] - row["pickup_at"]).total_seconds())
    return (hour, row["pickup_zone"]), (1, row["fare_cents"], row["distance_m"], seconds, row["fare_cents"])


def sums(values: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Sums of the first four, and the largest of the last."""
    total: tuple[int, ...] = (0, 0, 0, 0, 0)  # fares of trips are not negative, so 0 is below any
    for one in values:
        total = (*(a + b for a, b in zip(total[:4], one[:4], strict=True)), max(total[4], one[4]))
    return total


def line(key: tuple[str, int], total: tuple[int, ...]) -> tuple[str, int, str]:
    """A line of the answer, behind what it is sorted by."""
    return *key, ",".join(map(str, [*key, *total]))


def sorted_lines(lines: Iterable[tuple[str, int, str]]) -> list[str]:
    """The texts in the order of hour and zone."""
    return [text for _, _, text in sorted(lines)]


def late_panes(batches: list[dict[str, Any]], lateness: int, options: PipelineOptions | None = None) -> list[list[Any]]:
    """How many trips each zone had in each hour, as a stream tells it: [zone, hour, trips, "ON_TIME" or "LATE"].

    batches   {"trips": [[zone, pickup_at], …], "watermark": …}: trips that arrive together, and then the moment before
              which no more are expected; times are ISO texts
    lateness  seconds that a window waits after its end
    """
    stream = TestStream()
    for batch in batches:
        stream.add_elements([window.TimestampedValue((zone, 1), seconds(at)) for zone, at in batch["trips"]])
        stream.advance_watermark_to(seconds(batch["watermark"]))
    stream.advance_watermark_to_infinity()
    (panes := Path.cwd() / "panes").touch()
    with beam.Pipeline(options=options or PipelineOptions([], runner=STREAM, streaming=True)) as pipeline:
        (
            pipeline
            | stream
            | beam.WindowInto(
                window.FixedWindows(3600),
                trigger=trigger.AfterWatermark(late=trigger.AfterCount(1)),
                accumulation_mode=trigger.AccumulationMode.ACCUMULATING,  # a late pane tells the whole window anew
                allowed_lateness=Duration(seconds=lateness),
            )
            | beam.CombinePerKey(sum)
            | beam.ParDo(WithPane())
            | beam.Map(lambda pane: panes.open("a").write("\t".join(map(str, pane)) + "\n"))
        )
    told = [text.split("\t") for text in panes.read_text().splitlines()]
    panes.unlink()
    return [[int(zone), hour, int(trips), timing] for zone, hour, trips, timing in told]


class WithPane(beam.DoFn):
    """Each result with its window, and whether it came in time."""

    def process(self, element: Any, at: Any = beam.DoFn.WindowParam, pane: Any = beam.DoFn.PaneInfoParam) -> Any:
        zone, trips = element
        hour = at.start.to_utc_datetime().isoformat()
        yield zone, hour, trips, PaneInfoTiming.to_string(pane.timing)


def seconds(at: str) -> float:
    """A wall time as Beam counts it; the label UTC converts nothing."""
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


from on_prism import late_panes_on_prism, zone_hour_on_prism  # noqa: E402, F401  # the same on Beam's own server
