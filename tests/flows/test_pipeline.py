"""The whole pipeline, run as a person runs it."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from course_lib.reference import zone_hour_demand
from course_lib.storage import digests
from course_lib.transforms.gold import zone_hour_csv
from tests.flows.conftest import course, facts


def test_run_json_tells_what_became_of_every_row(done):
    told = facts(done)

    assert told["rows_read"] == 20_000
    for part in [told, *told["files"]]:
        assert part["rows_read"] == part["rows_silver"] + part["rows_quarantined"] + part["rows_duplicate"]
    for fate in ("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"):
        assert sum(file[fate] for file in told["files"]) == told[fate]
    assert told["quarantine_reasons"]["refund"] > 0 and told["warnings"]["zero_fare"] > 0
    assert [step["name"] for step in told["steps"]][:3] == ["discover", "ingest", "index"]
    assert told["seconds"] > 0 and told["peak_rss_mb"] > 0


def test_the_model_beats_both_baselines(done):
    model = facts(done)["model"]

    assert model["mae_s"] < model["baseline_zone_hour_mae_s"] < model["baseline_mean_mae_s"]
    assert model["rows_train"] > 3 * model["rows_test"] > 0


def test_published_tables_hold_what_was_counted(done):
    told = facts(done)
    silver = ds.dataset(done / "current" / "silver", partitioning="hive")
    quarantine = ds.dataset(done / "current" / "quarantine")

    assert silver.count_rows() == told["rows_silver"]
    assert quarantine.count_rows() == told["rows_quarantined"]
    assert pq.read_metadata(done / "current" / "gold" / "zone_hour.parquet").num_rows == told["zone_hours"]


def test_gold_equals_the_reference_job_byte_for_byte(done):
    silver = ds.dataset(done / "current" / "silver").to_table()
    gold = pq.read_table(done / "current" / "gold" / "zone_hour.parquet")

    assert zone_hour_csv(gold) == zone_hour_demand(silver.to_pylist())


def test_the_digest_is_that_of_the_published_files(done):
    manifest = json.loads((done / "current" / "MANIFEST.json").read_text())

    for name, digest in manifest["files"].items():
        assert digests.of_file(done / "current" / name) == digest
    assert facts(done)["digest"] == manifest["digest"]


def test_the_flow_ran_under_prefect(done):
    with closing(sqlite3.connect(done / ".prefect" / "prefect.db")) as database:
        ended = "select f.name, r.state_type from flow_run r join flow f on f.id = r.flow_id"
        flows = database.execute(ended).fetchall()
        tasks = database.execute("select name, state_type from task_run").fetchall()

    assert flows == [("trips", "COMPLETED")]
    assert {state for _, state in tasks} == {"COMPLETED"}
    names = {name.split()[0] for name, _ in tasks}
    assert names >= {"ingest", "index", "refine", "resolve", "aggregate", "gold", "features", "model", "publish"}
    assert {name for name, _ in tasks} >= {f"ingest trips_2024-0{month}.parquet" for month in (1, 2, 3)}


def test_the_digest_does_not_depend_on_the_number_of_workers(done, tmp_path):
    ended = course("pipeline", "--trips", "20000", "--out", tmp_path / "one", "--workers", "1")

    assert ended.code == 0, ended.err
    assert facts(tmp_path / "one")["digest"] == facts(done)["digest"]
    assert facts(tmp_path / "one")["model"] == facts(done)["model"]


def test_a_second_run_redoes_nothing_and_changes_nothing(tmp_path):
    out = tmp_path / "out"
    assert course("pipeline", "--trips", "2000", "--out", out).code == 0
    first, version = facts(out), (out / "current").readlink()
    ended = course("pipeline", "--trips", "2000", "--out", out)

    assert ended.code == 0, ended.err
    again = facts(out)
    assert again["digest"] == first["digest"] and (out / "current").readlink() == version
    redone = [s["name"] for s in again["steps"] if s["tasks"] != s["reused"]]
    assert redone == ["discover", "audit", "publish", "report"]


def test_a_run_leaves_nothing_outside_its_folder(tmp_path):
    home, scratch, out = tmp_path / "home", tmp_path / "tmp", tmp_path / "out"
    home.mkdir(), scratch.mkdir()
    ended = course("pipeline", "--trips", "2000", "--out", out, HOME=str(home), TMPDIR=str(scratch))

    assert ended.code == 0, ended.err
    assert list(home.rglob("*")) == [] and list(scratch.rglob("*")) == []


def test_a_run_on_an_existing_cluster_gives_the_same_digest(done, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dask = [sys.executable, "-m", "dask"]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    started = [subprocess.Popen(scheduler, **quiet)]
    try:
        _wait_for(port)
        worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
        started += [subprocess.Popen([*worker, "--local-directory", str(tmp_path)], **quiet) for _ in range(2)]
        ended = course("pipeline", "--trips", "20000", "--out", tmp_path / "out", "--scheduler", address)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)

    assert ended.code == 0, ended.err
    assert facts(tmp_path / "out")["digest"] == facts(done)["digest"]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path):
    ended = course("pipeline", "--trips", "2000", "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")

    assert ended.code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["green_tripdata_2020-10.csv.gz"])
def test_a_real_month_ends_as_the_rules_say(shared_data, tmp_path, name):
    ended = course("pipeline", "--input", shared_data / "tlc" / name, "--out", tmp_path)

    assert ended.code == 0, ended.err
    told = facts(tmp_path)
    assert (told["rows_read"], told["rows_quarantined"], told["rows_silver"]) == (95_120, 4_047, 91_073)
    assert round(told["model"]["baseline_mean_mae_s"]) == 693
    assert round(told["model"]["baseline_zone_hour_mae_s"]) == 645
    assert told["model"]["mae_s"] < 645
    silver = ds.dataset(tmp_path / "current" / "silver").to_table()
    gold = pq.read_table(tmp_path / "current" / "gold" / "zone_hour.parquet")
    assert zone_hour_csv(gold) == zone_hour_demand(silver.to_pylist())


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


def test_help_shows_examples():
    told = course("pipeline", "--help").out

    assert "course pipeline --input" in told and "--skip-unreadable" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--trips", "0"], "ask for 1 to", id="no trips"),
        pytest.param(["--trips", "many"], "--trips", id="trips in words"),
        pytest.param(["--workers", "0"], "--workers", id="no workers"),
        pytest.param(["stray.csv"], "--input", id="a file without --input"),
        pytest.param(["--input", "x.csv", "--seed", "3"], "--seed", id="a seed for files"),
        pytest.param(["--input", "nowhere.csv"], "nowhere.csv", id="a file that is not there"),
    ],
)
def test_bad_arguments_end_with_2_and_say_what_to_do(tmp_path: Path, arguments, said):
    ended = course("pipeline", "--out", tmp_path / "out", *arguments)

    assert ended.code == 2
    assert said in ended.err.replace("\n", " ")
    assert "Traceback" not in ended.err
