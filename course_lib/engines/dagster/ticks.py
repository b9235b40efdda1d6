"""How does a schedule of Dagster fire?

A schedule is a definition, in the code; that it is on is a fact, in the instance. A daemon asks the instance again and
again which schedules are on and which moments have passed since it last looked. A moment for which nothing was recorded
is a tick: the schedule is asked what to run, and the run starts in a process of its own. A machine that slept at
midnight therefore loses nothing. For schedules of partitions the daemon makes good up to five missed ticks.
"""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

DAGSTER, DAEMON = [sys.executable, "-m", "dagster"], [sys.executable, "-m", "dagster._daemon"]
TICKS = """
query Ticks($one: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $one) {
    ... on Schedule { cronSchedule scheduleState { status ticks { status runs { status } } } }
    ... on PythonError { message }
  }
}
"""


def fire(folder: Path, since: float) -> list[dict[str, str]]:
    """Turn the schedule on and run the daemon until it has made good what is due: the runs that it started.

    since  s since 1970, when the schedule is taken to have been turned on
    """
    import adapter

    file = ["-f", adapter.__file__]
    with adapter.instance(folder) as kept:
        subprocess.run([*DAGSTER, "schedule", "start", "every_day", *file], check=True)
        [state] = kept.all_instigator_state()
        assert state.instigator_data is not None
        earlier = state.instigator_data._replace(start_timestamp=since)  # as if somebody had done it then
        kept.update_instigator_state(state.with_data(earlier))
        daemon = subprocess.Popen([*DAEMON, "run", *file])
        try:
            while not (runs := kept.get_runs()) or not all(run.is_finished for run in runs):
                if daemon.poll() is not None:
                    raise RuntimeError(f"the daemon ended with code {daemon.returncode}")
                time.sleep(0.5)
        finally:
            daemon.terminate()
            daemon.wait(60)
        return [{"ended": run.status.value, **run.tags} for run in runs]


def told(folder: Path) -> dict:
    """What the web server says of the schedule when it is asked in GraphQL, as its own page does."""
    import adapter

    one = {"repositoryName": "__repository__", "repositoryLocationName": "adapter.py", "scheduleName": "every_day"}
    question = json.dumps({"query": TICKS, "variables": {"one": one}}).encode()
    with adapter.served(folder) as url:
        asked = urllib.request.Request(f"{url}/graphql", question, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)["data"]["scheduleOrError"]
