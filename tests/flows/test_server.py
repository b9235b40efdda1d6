"""Does Prefect's record of a run stay in the run, whole, and with nobody else?"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from course_lib.errors import OutputUnwritable, StepFailed
from course_lib.flows import prefect_child, server
from course_lib.flows.server import PrefectServer, run_environment

ROOT = Path(__file__).resolve().parents[2]

# A run that dies in the middle of a task, then one that ends well in the same folder, then one in another folder of
# the same process. An audit hook in every process writes down who was called.
FLOW = """
    import json, os, signal, sys
    from pathlib import Path
    import psutil
    from course_lib.flows.server import PrefectServer

    home, dies = Path(sys.argv[1]), sys.argv[2] == "dies"
    before = dict(os.environ)
    server = PrefectServer(home)
    url = server.start()
    pid = psutil.Process().children()[0].pid
    Path(sys.argv[3]).write_text(json.dumps({"pid": pid, "url": url}))
    server.wait()
    listening = [c.laddr.ip for c in psutil.Process(pid).net_connections() if c.status == "LISTEN"]

    from prefect import flow, task
    asked = []

    @task(retries=1)
    def square(number):
        asked.append(number)
        if number == 2 and asked.count(2) == 1:
            raise RuntimeError("once")
        return number * number

    @task
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    @flow(name="squares")
    def squares():
        return square.map([1, 2, 3]).result()

    @flow(name="doomed")
    def doomed():
        die()

    if dies:
        doomed()
    answer = squares()
    server.stop()
    with PrefectServer(home.parent / "second") as other:
        other.wait()
        squares()
    facts = {"pid": pid, "answer": answer, "listening": listening, "environment is back": dict(os.environ) == before}
    Path(sys.argv[3]).write_text(json.dumps(facts))
"""
HOOK = """
    import os, sys

    def note(event, details):
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = details[0]
        elif event == "socket.connect" and isinstance(details[1], tuple):
            host = details[1][0]
        else:
            return
        with open(os.environ["CALLED"], "a") as file:
            file.write(f"{host}\\n")

    sys.addaudithook(note)
    sys.modules["uvloop"] = None  # it calls past the audit
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder where a run died and two others ended well, and what was seen of them."""
    place = tmp_path_factory.mktemp("a run's folder, with % and ?")
    for name, text in {"flow.py": FLOW, "hook/sitecustomize.py": HOOK}.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(textwrap.dedent(text))
    for name in ("home", "work"):
        (place / name).mkdir()
    environment = os.environ | {
        "HOME": str(place / "home"),
        "CALLED": str(place / "called"),
        "PYTHONPATH": os.pathsep.join([str(place / "hook"), str(ROOT)]),
        "PREFECT_API_URL": "https://prefect.invalid/api",  # whoever works with another server keeps it apart
        "HTTP_PROXY": "http://proxy.invalid:3128",
    }

    def run(fate: str) -> subprocess.CompletedProcess:
        command = [sys.executable, place / "flow.py", place / "prefect", fate, place / f"{fate}.json"]
        return subprocess.run(
            command, cwd=place / "work", env=environment, capture_output=True, text=True, timeout=900, check=False
        )

    died = run("dies")
    left_behind = json.loads((place / "dies.json").read_text())["pid"]
    deadline = time.monotonic() + 60
    while psutil.pid_exists(left_behind) and time.monotonic() < deadline:
        time.sleep(0.1)
    facts = {"died": died.returncode, "server of the dead": psutil.pid_exists(left_behind)}
    facts["unfinished"] = states(place / "prefect", "flow_run")
    ended = run("ends")
    assert ended.returncode == 0, ended.stderr
    return place, facts | json.loads((place / "ends.json").read_text()) | {"said": ended.stdout + ended.stderr}


def states(home: Path, table: str) -> list[str]:
    """The states in the Prefect database of `home`, oldest first."""
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        return [state for (state,) in database.execute(f"SELECT state_type FROM {table} ORDER BY created, name")]  # noqa: S608


def test_a_run_is_recorded_with_its_tasks_and_their_retries(runs):
    place, facts = runs
    with closing(sqlite3.connect(place / "prefect/prefect.db")) as database:
        tasks = database.execute(
            "SELECT substr(task_run.name, 1, 6), task_run.state_type, task_run.run_count FROM task_run"
            " JOIN flow_run ON flow_run_id = flow_run.id JOIN flow ON flow_id = flow.id"
            " WHERE flow.name = 'squares' ORDER BY task_run.run_count"
        ).fetchall()

    assert facts["answer"] == [1, 4, 9]
    assert tasks == [("square", "COMPLETED", 1), ("square", "COMPLETED", 1), ("square", "COMPLETED", 2)]


def test_what_a_kill_left_unfinished_is_recorded_as_crashed_by_the_next_run(runs):
    place, facts = runs

    assert (facts["died"], facts["unfinished"]) == (-signal.SIGKILL, ["RUNNING"])
    assert states(place / "prefect", "flow_run") == ["CRASHED", "COMPLETED"]
    assert set(states(place / "prefect", "task_run")) <= {"CRASHED", "COMPLETED"}


def test_a_second_server_of_the_same_process_has_its_own_record(runs):
    place, _ = runs

    assert states(place / "second", "flow_run") == ["COMPLETED"]
    assert states(place / "second", "task_run") == ["COMPLETED"] * 3


def test_the_server_dies_with_its_parent(runs):
    _, facts = runs

    assert not facts["server of the dead"]
    assert not psutil.pid_exists(facts["pid"])


def test_nothing_is_written_outside_the_run(runs):
    place, facts = runs

    assert sorted(path.name for path in place.iterdir() if path.is_dir()) == [
        "home",
        "hook",
        "prefect",
        "second",
        "work",
    ]
    assert [*(place / "home").iterdir(), *(place / "work").iterdir()] == []
    assert sorted(path.name for path in (place / "prefect").iterdir()) == ["prefect.db", "server.log"]
    assert facts["environment is back"]


def test_nobody_is_called_and_only_loopback_listens(runs):
    place, facts = runs

    assert set((place / "called").read_text().split()) <= {"127.0.0.1", "localhost"}
    assert facts["listening"] == ["127.0.0.1"]


def test_a_run_says_nothing_of_prefect(runs):
    place, facts = runs

    assert facts["said"] == ""
    assert (place / "second/server.log").read_text() == ""


def test_the_environment_holds_no_setting_of_another_prefect(monkeypatch, tmp_path):
    monkeypatch.setenv("PREFECT_API_KEY", "secret")
    monkeypatch.setenv("NO_PROXY", "intranet,localhost")

    environment = run_environment(tmp_path, "http://127.0.0.1:1/api")

    assert "PREFECT_API_KEY" not in environment
    assert environment["PREFECT_HOME"] == str(tmp_path)
    assert environment["NO_PROXY"] == "intranet,localhost,127.0.0.1"
    assert environment["DO_NOT_TRACK"] == "1"


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "PYTHONWARNINGS"])
def test_what_is_meant_for_other_programs_does_not_reach_server_and_workers(monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, "socks5://intranet:1" if "proxy" in name.lower() else "error")

    assert name not in run_environment(tmp_path, "http://127.0.0.1:1/api")


def test_a_database_that_another_program_holds_is_named_before_anyone_waits_for_it(monkeypatch, tmp_path):
    monkeypatch.setattr(server, "_LOCKED", 0.1)
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputUnwritable, match="is written by another program"):
            PrefectServer(tmp_path).start()


def test_a_damaged_database_does_not_keep_the_server_from_starting(tmp_path):
    """It steps aside when the server comes to it."""
    (tmp_path / "prefect.db").write_bytes(b"garbage" * 999)

    PrefectServer(tmp_path)._stop_where_another_writes()


def test_a_server_that_dies_is_reported_with_its_last_words(monkeypatch, tmp_path):
    program = tmp_path / "broken.py"
    program.write_text("raise SystemExit('no more room')")
    monkeypatch.setattr(prefect_child, "__file__", str(program))

    with PrefectServer(tmp_path / "home") as broken, pytest.raises(StepFailed, match="no more room"):
        broken._answer(30)


def test_a_home_that_cannot_be_written_is_an_error_of_the_output(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(OutputUnwritable):
        PrefectServer(tmp_path / "file" / "home").start()


def test_the_prepared_database_is_the_installed_versions():
    from importlib.metadata import version

    assert server.template_path().name == f"prefect-{version('prefect')}.db"


@pytest.fixture
def original(tmp_path, monkeypatch) -> Path:
    """A prepared database, and the working folder where a run wants one."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return _database(tmp_path / "original.db", "new")


def _database(path: Path, revision: str) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    return path


def test_a_new_home_starts_from_the_prepared_database(original):
    prefect_child.prepare(original)

    assert prefect_child.DATABASE.read_bytes() == original.read_bytes()
    assert [path.name for path in Path.cwd().iterdir()] == ["prefect.db"]


def test_a_record_of_the_same_version_is_kept(original):
    with closing(sqlite3.connect(_database(prefect_child.DATABASE, "new"))) as database, database:
        database.execute("CREATE TABLE record (run TEXT)")
    before = prefect_child.DATABASE.read_bytes()

    prefect_child.prepare(original)

    assert prefect_child.DATABASE.read_bytes() == before


@pytest.mark.parametrize(
    ("found", "aside"),
    [("old", "prefect-old.db"), (b"not a database, " * 99, "prefect-damaged.db")],
    ids=["old", "damaged"],
)
def test_a_record_that_cannot_be_used_steps_aside(original, found, aside):
    if isinstance(found, bytes):
        prefect_child.DATABASE.write_bytes(found)
    else:
        _database(prefect_child.DATABASE, found)
    before = prefect_child.DATABASE.read_bytes()

    prefect_child.prepare(original)

    assert Path(aside).read_bytes() == before
    assert prefect_child.DATABASE.read_bytes() == original.read_bytes()


def test_requests_made_before_the_server_answers_wait_for_it(tmp_path, monkeypatch):
    program = tmp_path / "slow.py"
    program.write_text(
        "import socket, sys, time\n"
        "listener = socket.socket(fileno=int(sys.argv[2]))\n"
        "time.sleep(0.5)\n"
        "one, _ = listener.accept()\n"
        "one.recv(1000)\n"
        "one.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\ntrue')\n"
    )
    monkeypatch.setattr(prefect_child, "__file__", str(program))

    with PrefectServer(tmp_path / "home") as slow:
        slow._answer(30)
        host, port = slow.url.split("/")[2].split(":")

    with pytest.raises(OSError, match="refused"), socket.create_connection((host, int(port)), timeout=5):
        pass
