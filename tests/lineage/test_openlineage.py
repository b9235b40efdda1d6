import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import OutputUnwritable
from course_lib.lineage.openlineage import Dataset, Emitter

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
BRONZE = Dataset("bronze/green/2020-10.parquet", 1000, pa.schema([("trip_id", pa.int64()), ("fare_cents", pa.int32())]))
SILVER = Dataset("silver/green/2020-10.parquet", 900)


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(path):
    return [(event["job"]["name"], event["eventType"]) for event in events(path)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "lineage" / "events.ndjson"


@pytest.fixture
def emitter(path):
    return Emitter(path, "run-1", "pipeline")


def one_step(emitter, step="silver"):
    emitter.start(step, [BRONZE], NOON)
    emitter.complete(step, [BRONZE], [SILVER], NOON + timedelta(seconds=2))


def test_start_and_complete_of_a_step_share_their_run(emitter, path):
    one_step(emitter)
    start, complete = events(path)

    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert (start["eventTime"], complete["eventTime"]) == ("2024-01-31T12:00:00+00:00", "2024-01-31T12:00:02+00:00")


def test_datasets_carry_their_rows_and_columns(emitter, path):
    one_step(emitter)
    complete = events(path)[1]
    (read,), (written,) = complete["inputs"], complete["outputs"]

    assert (read["namespace"], read["name"]) == ("file", "bronze/green/2020-10.parquet")
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 1000
    assert [(field["name"], field["type"]) for field in read["facets"]["schema"]["fields"]] == [
        ("trip_id", "int64"), ("fare_cents", "int32"),
    ]  # fmt: skip
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 900


def test_every_step_names_the_run_of_the_pipeline_as_its_parent(emitter, path):
    emitter.begin(NOON)
    one_step(emitter, "silver")
    one_step(emitter, "gold")
    emitter.end(NOON)
    begun, *steps, ended = events(path)

    assert begun["run"]["runId"] == ended["run"]["runId"]
    assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    for step in steps:
        parent = step["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == begun["run"]["runId"]
        assert parent["job"]["name"] == begun["job"]["name"] == "pipeline"
    assert len({step["run"]["runId"] for step in steps}) == 2


def test_the_same_run_writes_the_same_bytes_and_another_run_other_ids(tmp_path):
    for name, run in (("a", "one"), ("b", "one"), ("c", "two")):
        one_step(Emitter(tmp_path / name, run, "pipeline"))

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not {e["run"]["runId"] for e in events(tmp_path / "a")} & {e["run"]["runId"] for e in events(tmp_path / "c")}


@pytest.mark.parametrize("error", [ZeroDivisionError("no\nroads"), "no roads"])
def test_a_step_that_fails_says_why_and_may_be_tried_again(emitter, path, error):
    emitter.start("silver", [BRONZE], NOON)
    emitter.fail("silver", error, NOON)
    one_step(emitter)
    first, failed, second, _ = events(path)

    assert failed["run"]["facets"]["errorMessage"]["message"].endswith("roads")
    assert failed["run"]["runId"] == first["run"]["runId"] != second["run"]["runId"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_half_written_line_is_cut_off_and_nothing_else(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("kill") / "events.ndjson"
    emitter = Emitter(path, "run-1", "pipeline")
    one_step(emitter, "silver")
    one_step(emitter, "gold")
    whole = path.read_bytes()
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut])

    resumed = Emitter(path, "run-1", "pipeline")
    kept = whole[:cut].count(b"\n")
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])

    for step in ("silver", "gold"):
        one_step(resumed, step)
    ids = {}
    for event in events(path):
        ids.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert all(types[0] == "START" and len(types) == 2 and types[1] in ("COMPLETE", "ABORT") for types in ids.values())


def test_an_attempt_that_a_kill_left_open_is_aborted_when_its_step_starts_again(emitter, path):
    emitter.begin(NOON)
    emitter.start("silver", [BRONZE], NOON)

    resumed = Emitter(path, "run-1", "pipeline")
    resumed.begin(NOON)
    one_step(resumed)
    resumed.end(NOON)

    assert told(path) == [
        ("pipeline", "START"), ("pipeline.silver", "START"),
        ("pipeline", "RUNNING"), ("pipeline.silver", "ABORT"), ("pipeline.silver", "START"),
        ("pipeline.silver", "COMPLETE"), ("pipeline", "COMPLETE"),
    ]  # fmt: skip


def test_another_run_in_the_same_file_is_left_alone(emitter, path):
    emitter.start("silver", [], NOON)
    one_step(Emitter(path, "run-2", "pipeline"))

    assert [state for _, state in told(path)] == ["START", "START", "COMPLETE"]


def test_lines_that_are_not_events_are_kept_and_ignored(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b'\0\0\0\nnull\n[1]\n{"run": 3}\n')
    one_step(Emitter(path, "run-1", "pipeline"))

    assert path.read_bytes().startswith(b'\0\0\0\nnull\n[1]\n{"run": 3}\n{')


@pytest.mark.parametrize("name", ["/data/silver", "../silver", "a/../../b", ""])
def test_a_dataset_outside_the_run_folder_is_refused(name):
    with pytest.raises(ValueError, match="relative to the run folder"):
        Dataset(name)


def test_no_machine_path_is_written(emitter, path, tmp_path):
    one_step(emitter)

    assert str(tmp_path) not in path.read_text()
    assert str(Path.home()) not in path.read_text()


def test_names_of_files_need_not_be_utf8(emitter, path):
    emitter.start("ingest", [Dataset("inputs/a:\udcff<script>.csv")], NOON)

    assert events(path)[0]["inputs"][0]["name"] == "inputs/a:\\udcff<script>.csv"


def test_a_step_that_never_started_cannot_end(emitter, path):
    with pytest.raises(ValueError, match="not started"):
        emitter.complete("silver", [], [], NOON)
    with pytest.raises(ValueError, match="not started"):
        emitter.end(NOON)

    assert not path.exists()


def test_a_time_without_a_zone_is_refused(emitter):
    with pytest.raises(ValueError, match="aware"):
        emitter.start("silver", [], datetime(2024, 1, 31))


def test_a_folder_in_the_way_is_an_error_for_a_person(tmp_path):
    (tmp_path / "lineage").write_text("a file")

    with pytest.raises(OutputUnwritable):
        Emitter(tmp_path / "lineage" / "events.ndjson", "run-1", "pipeline")


def test_a_full_disk_leaves_whole_lines(emitter, path, monkeypatch):
    """The disk takes half of the line, then says that it is full."""
    one_step(emitter)
    before = path.read_bytes()
    open_ = Path.open

    class Full:
        def __init__(self, file):
            self.file, self.calls = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            self.calls += 1
            if self.calls > 1:
                raise OSError(28, "No space left on device")
            return self.file.write(data[: len(data) // 2])

    monkeypatch.setattr(Path, "open", lambda self, *args, **kwargs: Full(open_(self, *args, **kwargs)))
    with pytest.raises(OutputUnwritable, match="the disk is full"):
        emitter.start("gold", [], NOON)
    monkeypatch.undo()

    assert path.read_bytes() == before
    one_step(emitter, "gold")  # as if the start that failed had not been asked for
    assert told(path)[2:] == [("pipeline.gold", "START"), ("pipeline.gold", "COMPLETE")]


def test_every_event_has_the_shape_of_the_specification(emitter, path):
    """The package ships no JSON schema, so the rules of version 2-0-2 are spelled out here."""
    emitter.begin(NOON)
    one_step(emitter)
    emitter.start("gold", [SILVER], NOON)
    emitter.fail("gold", "no roads", NOON)
    emitter.end(NOON, error="gold failed")

    for event in events(path):
        assert event.keys() == {"eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "schemaURL"}
        assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert str(uuid.UUID(event["run"]["runId"])) == event["run"]["runId"]
        assert event["job"]["namespace"]
        assert event["job"]["name"]
        assert re.fullmatch(
            r"https://openlineage\.io/spec/2-0-2/OpenLineage\.json#/\$defs/RunEvent", event["schemaURL"]
        )
        assert event["producer"].startswith("urn:")
        for dataset in (*event["inputs"], *event["outputs"]):
            assert dataset["namespace"]
            assert dataset["name"]
        for facets in facets_of(event):
            for facet in facets.values():
                assert facet["_producer"].startswith("urn:")
                assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")


def facets_of(event):
    yield event["run"]["facets"]
    yield event["job"]["facets"]
    for dataset in (*event["inputs"], *event["outputs"]):
        for kind in ("facets", "inputFacets", "outputFacets"):
            yield dataset.get(kind, {})
