"""How does an Airflow user run four steps a day?

The steps and their order are in dags/zone_hours.py. What is here is how Airflow is asked to run them, which in a
company is a click or a call to a service that is always there: an API server, a scheduler that starts what is due, and
a DAG processor that reads the files. The three share a database (SQLite here) and run on loopback for as long as they
are needed.

A run has a logical date, the day it is about; the clock does not matter. To resume is to clear: a task instance that
failed is made as if it had never run, and the scheduler finds it due again, and what succeeded stays.
"""

import atexit
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx

AIRFLOW = [sys.executable, "-m", "airflow"]
DAG = "/api/v2/dags/zone_hours"
ENDED = {"success": "completed", "failed": "failed"}


def run(folder: Path, day: str) -> str:
    """One run of the DAG for a day, started by the scheduler; how it ended."""
    api, asked = airflow(folder), {"dag_run_id": day, "logical_date": f"{day}T00:00:00Z"}
    api.post(f"{DAG}/dagRuns", json=asked).raise_for_status()
    return wait_for_end(api, day)


def resume(folder: Path, day: str) -> str:
    """Clear what failed in the day's run; the scheduler goes on from there."""
    api, asked = airflow(folder), {"dag_run_id": day, "only_failed": True, "dry_run": False, "include_downstream": True}
    api.post(f"{DAG}/clearTaskInstances", json=asked).raise_for_status()
    return wait_for_end(api, day)


def backfill(folder: Path, days: list[str]) -> list[str]:
    """A backfill from the first day to the last, which the scheduler turns into runs; how each ended."""
    api, first, last = airflow(folder), f"{days[0]}T00:00:00Z", f"{days[-1]}T00:00:00Z"
    asked = {"dag_id": "zone_hours", "from_date": first, "to_date": last, "max_active_runs": 1}
    until_answered(lambda: api.post("/api/v2/backfills", json=asked))
    only = {"logical_date_gte": first, "logical_date_lte": last, "order_by": "logical_date"}
    runs = api.get(f"{DAG}/dagRuns", params=only).json()["dag_runs"]
    return [wait_for_end(api, one["dag_run_id"]) for one in runs]


def page(folder: Path) -> str:
    """The first page of the API server, as a browser gets it."""
    return airflow(folder).get("/").text


def without_scheduler(folder: Path, day: str) -> str:
    """`airflow dags test`: the DAG in one process, as one runs it while one writes it."""
    settings(folder)
    subprocess.run([*AIRFLOW, "db", "migrate"], check=True)
    test = subprocess.run([*AIRFLOW, "dags", "test", "zone_hours", day], check=False)
    return "failed" if test.returncode else "completed"


def wait_for_end(api: httpx.Client, run_id: str) -> str:
    """How a run ended, when it has."""
    while True:
        state = api.get(f"{DAG}/dagRuns/{run_id}").raise_for_status().json()["state"]
        if state in ENDED:
            return ENDED[state]
        time.sleep(0.5)


@cache
def airflow(folder: Path) -> httpx.Client:
    """A client of Airflow's API, and its programs behind it, which end with this process."""
    port, stack = settings(folder), ExitStack()
    atexit.register(stack.close)
    subprocess.run([*AIRFLOW, "db", "migrate"], check=True)
    for command in (
        ["api-server", "--host", "127.0.0.1", "--port", port, "--workers", "1"],
        ["dag-processor"],
        ["scheduler", "--skip-serve-logs"],  # its log server would listen on every network
    ):
        program = subprocess.Popen([*AIRFLOW, *command])
        stack.callback(program.wait, 60)
        stack.callback(program.terminate)
    api = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600))
    token = until_answered(lambda: api.get("/auth/token"))["access_token"]
    api.headers["Authorization"] = f"Bearer {token}"
    until_answered(lambda: api.get(DAG))  # the DAG processor has read the file
    return api


def until_answered(ask: Any) -> Any:
    """The answer of the API, once it gives one: not while it starts, and not while SQLite is locked (503)."""
    while True:
        try:
            answer = ask()
            if answer.status_code not in (404, 503):
                return answer.raise_for_status().json()
        except httpx.TransportError:
            pass
        time.sleep(0.5)


def settings(folder: Path) -> str:
    """Airflow's settings, all of which can be variables of the environment; the port of its API."""
    home = folder / "airflow"
    home.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    os.environ |= {
        "JOB_FOLDER": str(folder),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parent / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",  # s that a writer waits
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # nobody else is on loopback
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(),  # shared by the programs of this run
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    return port
