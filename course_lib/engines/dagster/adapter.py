"""How does a Dagster user run four steps a day?

In Dagster one does not write down what runs but what there is to be: an asset is a table or file, and the function
below it says how it is made. `deps` says of which others. From that Dagster knows the order, what is missing, what is
out of date and, with partitions, for which days. A run is what brings some assets of some days about.

Everything that ran is in the instance, a folder with a database (DAGSTER_HOME). A run that failed is executed again
from its failure: the steps that succeeded are passed over, in whatever process that happens.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from course_lib.engines import steps

DAYS = dg.DailyPartitionsDefinition(start_date="2024-01-01")
ONCE_MORE = dg.RetryPolicy(max_retries=1)


def folder() -> Path:
    """Where the steps find and leave their files; a variable, so that every process of a run knows it."""
    return Path(os.environ["JOB_FOLDER"])


@dg.asset(partitions_def=DAYS, retry_policy=ONCE_MORE)
def extract(context: dg.AssetExecutionContext) -> None:
    """The day's rows, from the source."""
    steps.extract(folder(), context.partition_key)


@dg.asset(partitions_def=DAYS, retry_policy=ONCE_MORE, deps=[extract])
def validate(context: dg.AssetExecutionContext) -> None:
    """The rows that are trips."""
    steps.validate(folder(), context.partition_key)


@dg.asset(partitions_def=DAYS, retry_policy=ONCE_MORE, deps=[validate])
def newest(context: dg.AssetExecutionContext) -> None:
    """One row per trip: the newest."""
    steps.newest(folder(), context.partition_key)


@dg.asset(partitions_def=DAYS, retry_policy=ONCE_MORE, deps=[newest])
def demand(context: dg.AssetExecutionContext) -> None:
    """The day's gold."""
    steps.demand(folder(), context.partition_key)


@dg.asset_check(asset=demand, partitions_def=DAYS, blocking=True)
def not_empty(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """A day without a single trip is a mistake somewhere."""
    gold = folder() / "gold" / f"{context.partition_key}.csv"
    lines = gold.read_text().count("\n") - 1
    return dg.AssetCheckResult(passed=lines > 0, metadata={"lines": lines})


ASSETS = [extract, validate, newest, demand]
a_day = dg.define_asset_job("a_day", selection=ASSETS, executor_def=dg.in_process_executor)
# Every day at five past midnight: the day that has just ended.
every_day = dg.build_schedule_from_partitioned_job(a_day, name="every_day", hour_of_day=0, minute_of_hour=5)
defs = dg.Definitions(assets=ASSETS, asset_checks=[not_empty], jobs=[a_day], schedules=[every_day])


def the_job() -> dg.JobDefinition:
    """The job, found again by whatever process runs it."""
    return defs.resolve_job_def("a_day")


def run(folder: Path, day: str) -> str:
    """One run of the job for one partition; how it ended."""
    with instance(folder) as kept:
        tags = {"dagster/partition": day}
        done = dg.execute_job(dg.reconstructable(the_job), instance=kept, tags=tags, raise_on_error=False)
        return "completed" if done.success else "failed"


def resume(folder: Path, day: str) -> str:
    """Execute the day's last run again, from where it failed."""
    with instance(folder) as kept:
        tags = {"dagster/partition": day}
        [last] = kept.get_runs(filters=dg.RunsFilter(tags=tags), limit=1)
        again = dg.ReexecutionOptions.from_failure(last.run_id, kept)
        done = dg.execute_job(
            dg.reconstructable(the_job), instance=kept, tags=tags, reexecution_options=again, raise_on_error=False
        )
        return "completed" if done.success else "failed"


def backfill(folder: Path, days: list[str]) -> list[str]:
    """A run for each partition. The page has a button for it, and a daemon that starts these same runs."""
    return [run(folder, day) for day in days]


def page(folder: Path) -> str:
    """The page of all assets from Dagster's web server, as a browser gets it."""
    with served(folder) as url, urllib.request.urlopen(f"{url}/assets") as answer:
        return answer.read().decode()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Dagster's web server on loopback, once it answers: its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with instance(folder):
        command = [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-f", __file__]
        server = subprocess.Popen(command)
    try:
        while not answers(url):
            if server.poll() is not None:
                raise RuntimeError(f"the server ended with code {server.returncode} before it answered")
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(60)


def answers(url: str) -> bool:
    """Whether a server is up."""
    try:
        urllib.request.urlopen(f"{url}/server_info").close()
    except urllib.error.URLError:
        return False
    return True


def instance(folder: Path) -> dg.DagsterInstance:
    """The instance that belongs to a folder of the job."""
    home = folder / "dagster"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    os.environ |= {"DAGSTER_HOME": str(home), "JOB_FOLDER": str(folder)}
    return dg.DagsterInstance.get()


from ticks import fire, told  # noqa: E402, F401  # the schedule, in ticks.py
