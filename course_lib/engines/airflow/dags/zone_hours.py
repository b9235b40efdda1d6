"""How does an Airflow user describe four steps a day? In a file of the folder that Airflow looks through.

Calling a @task does not run it. It puts a node into the graph, and `>>` draws the edges; the scheduler, in another
process, reads the graph and starts what is due. `ds` is the day that a run is about: Airflow fills it in.
"""

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.sdk import dag, task

from course_lib.engines import steps

FOLDER = Path(os.environ["JOB_FOLDER"])


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    end_date=pendulum.datetime(2024, 1, 31, tz="UTC"),  # our days are long past: nothing is due by itself
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
)
def zone_hours() -> None:
    """A day's gold."""

    @task
    def extract(ds: str | None = None) -> None:
        steps.extract(FOLDER, str(ds))

    @task
    def validate(ds: str | None = None) -> None:
        steps.validate(FOLDER, str(ds))

    @task
    def newest(ds: str | None = None) -> None:
        steps.newest(FOLDER, str(ds))

    @task
    def demand(ds: str | None = None) -> None:
        steps.demand(FOLDER, str(ds))

    extract() >> validate() >> newest() >> demand()


zone_hours()
