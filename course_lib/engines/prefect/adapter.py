"""How does a Prefect user run four steps a day?

A flow is a Python function; what it calls are tasks. Prefect wraps each call: it writes its state to a server, tries it
again where it fails, and can keep its result. Nothing is declared beforehand: the order is the order of the calls.

Resuming is a matter of kept results. A task whose result is kept for the same inputs is not run again, so the same
flow, run anew after it failed, passes over what it had done. No clock is in this: next week it is so still.

A deployment is a flow that others can ask for, by name and with parameters, from the page, the API or a schedule. A
process that serves it looks every so often for runs that are due. A backfill is a run of the deployment for each day.
"""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from course_lib.engines import steps
from course_lib.flows.server import template_path

# Keep the result of each task, and take it for done where inputs and code are the same. By inputs alone the four, which
# are all given a folder and a day, would pass for one another.
step = task(retries=1, retry_delay_seconds=0, persist_result=True, cache_policy=INPUTS + TASK_SOURCE)
extract, validate, newest, demand = (step(function) for function in steps.BY_NAME.values())


@flow
def zone_hours(folder: Path, day: str) -> None:
    """A day's gold. A task that fails for good ends the flow here, as an exception would."""
    extract(folder, day)
    validate(folder, day)
    newest(folder, day)
    demand(folder, day)


def run(folder: Path, day: str) -> str:
    """One run of the flow in this process, recorded by the server; how it ended."""
    server()
    return zone_hours(folder, day, return_state=True).type.value.lower()


def resume(folder: Path, day: str) -> str:
    """The same call again: what was done is found done."""
    return run(folder, day)


def backfill(folder: Path, days: list[str]) -> list[str]:
    """One run of the deployment for each day; how each ended."""
    server()
    with served():
        runs = [
            run_deployment("zone-hours/days", parameters={"folder": str(folder), "day": day}, poll_interval=0.5)
            for day in days
        ]
    return [one.state.type.value.lower() for one in runs]  # type: ignore[union-attr]  # runs, not coroutines


def page(folder: Path) -> str:
    """The first page of the server, as a browser gets it."""
    with urllib.request.urlopen(server()) as answer:
        return answer.read().decode()


@cache
def server() -> str:
    """The address of Prefect's server, which this process reports to from now on; both end together."""
    home, stack = PREFECT_HOME.value(), ExitStack()
    atexit.register(stack.close)
    home.mkdir(parents=True, exist_ok=True)
    if template_path().exists() and not (home / "prefect.db").exists():
        shutil.copy(template_path(), home / "prefect.db")  # the empty database, which takes ten seconds to make
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(start)
    stack.callback(process.wait, 60)
    stack.callback(process.terminate)
    wait_for(f"{url}/api/health", process)
    stack.enter_context(temporary_settings({PREFECT_API_URL: f"{url}/api"}))
    return url


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when `url` answers."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise RuntimeError(f"the server ended with code {process.returncode} before it answered")


@contextmanager
def served() -> Iterator[None]:
    """A process that runs the deployment `zone-hours/days` whenever somebody asks for it."""
    program = "from adapter import zone_hours; zone_hours.serve('days', limit=1, print_starting_message=False)"
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()}
    )
    try:
        with get_client(sync_client=True) as client:
            while True:  # until the process has told the server that it is there
                try:
                    client.read_deployment_by_name("zone-hours/days")
                    break
                except ObjectNotFound:
                    time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(60)
