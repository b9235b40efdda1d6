"""A call runs apart, phones nobody, writes nowhere else, and leaves no process behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.engines import running
from course_lib.engines.registry import Engine, find
from course_lib.engines.running import call, session, start
from course_lib.errors import EngineFailed

ADAPTER = '''
import os, socket, subprocess, sys, time
from pathlib import Path

def add(a: int, b: int) -> int:
    return a + b

def where(path: Path) -> dict:
    return {"type": type(path).__name__, "cwd": os.getcwd(), "home": str(Path.home()), "tmp": os.environ["TMPDIR"],
            "environment": dict(os.environ)}

def fail() -> None:
    raise LookupError("nobody home")

def die() -> None:
    print("famous last words", flush=True)
    os.abort()

def listen(host: str) -> None:
    with socket.create_server((host, 0)):
        time.sleep(2.5)

def look_for_a_free_port() -> int:
    with socket.create_server(("0.0.0.0", 0)) as free:
        time.sleep(0.1)
        port = free.getsockname()[1]
    time.sleep(1)
    return port

def leave(pids: Path, seconds: float) -> None:
    """Children: one in our group, one in a session of its own, one that lost its parent as well."""
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    found = [subprocess.Popen(sleep).pid, subprocess.Popen(sleep, start_new_session=True).pid]
    orphan = """if True:
        import os, sys, time
        if os.fork() == 0:
            os.setsid()
            open(sys.argv[1], 'w').write(str(os.getpid()))
            time.sleep(300)
        os._exit(0)
    """
    name = str(pids) + ".orphan"
    subprocess.run([sys.executable, "-c", orphan, name], check=True)
    while not os.path.exists(name) or not open(name).read():
        time.sleep(0.01)
    found.append(int(open(name).read()))
    pids.write_text(" ".join(map(str, found)))
    time.sleep(seconds)
'''


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "adapter.py").write_text(ADAPTER)
    return dataclasses.replace(find("dask"), name="mine", folder=folder)


def _gone(pids: list[int]) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _pids(path: Path) -> list[int]:
    while not path.exists() or not path.read_text():
        time.sleep(0.01)
    return [int(pid) for pid in path.read_text().split()]


def test_a_call_returns_what_the_function_did_and_what_it_took(engine, tmp_path):
    result = session(engine, tmp_path / "run", [("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})])

    assert (result.values, result.value, len(result.seconds)) == ((3, 7), 7, 2)
    assert result.wall > sum(result.seconds) >= 0
    assert result.peak_bytes > 1_000_000


def test_a_call_lives_below_its_folder_and_knows_nothing_of_the_users_settings(engine, tmp_path, monkeypatch):
    for name in ("PREFECT_API_URL", "AIRFLOW_HOME", "SPARK_HOME", "HTTPS_PROXY", "PYTHONPATH", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "theirs")
    run = tmp_path / "run"

    told = call(engine, "where", run, {"path": Path("x")}).value

    assert told["type"] == "PosixPath"
    assert told["cwd"] == str(run / "work")
    assert all(Path(told[name]).is_relative_to(run) for name in ("home", "tmp"))
    assert [name for name, value in told["environment"].items() if value == "theirs"] == []
    assert all(told["environment"][name] == value for name, value in running.QUIET.items())


def test_what_a_function_raises_is_told_with_its_kind_and_its_log(engine, tmp_path):
    with pytest.raises(EngineFailed, match="nobody home") as found:
        call(engine, "fail", tmp_path / "run", {})

    assert (found.value.kind, found.value.function) == ("builtins.LookupError", "fail")
    assert "Traceback" in found.value.log.read_text()


def test_a_function_that_dies_is_told_with_its_last_words(engine, tmp_path):
    with pytest.raises(EngineFailed, match="left no result; its last words: 'famous last words'"):
        call(engine, "die", tmp_path / "run", {})


def test_a_wrong_argument_is_an_error_and_not_left_out(engine, tmp_path):
    with pytest.raises(EngineFailed, match="KeyError"):
        call(engine, "add", tmp_path / "run", {"a": 1, "b": 2, "c": 3})


@pytest.mark.parametrize(("host", "allowed"), [("127.0.0.1", True), ("0.0.0.0", False)])  # noqa: S104
def test_whoever_listens_on_more_than_loopback_fails(host, allowed, engine, tmp_path):
    if allowed:
        assert {ip for ip, _ in call(engine, "listen", tmp_path / "run", {"host": host}).listened} == {host}
    else:
        with pytest.raises(EngineFailed, match="where other machines can call"):
            call(engine, "listen", tmp_path / "run", {"host": host})


def test_who_asks_the_system_for_a_free_port_listens_to_nobody(engine, tmp_path):
    assert not call(engine, "look_for_a_free_port", tmp_path / "run", {}).listened


def test_a_call_that_takes_too_long_is_ended_with_all_that_came_of_it(engine, tmp_path):
    pids = tmp_path / "pids"

    with start(engine, "leave", tmp_path / "run", {"pids": pids, "seconds": 300}) as running_call:
        children = _pids(pids)
        with pytest.raises(EngineFailed, match="did not end within"):
            running_call.result(timeout=0.1)

    assert len(children) == 3
    assert _gone([running_call.pid, *children])


@pytest.mark.skipif(sys.platform != "linux", reason="a daemon that left its session is found by /proc")
def test_a_call_that_returned_leaves_nothing_running(engine, tmp_path):
    pids = tmp_path / "pids"

    call(engine, "leave", tmp_path / "run", {"pids": pids, "seconds": 0})

    assert _gone(_pids(pids))


@pytest.mark.skipif(sys.platform != "linux", reason="a daemon that left its session is found by /proc")
def test_when_the_caller_is_killed_everything_ends(engine, tmp_path):
    pids = tmp_path / "pids"
    program = (
        "import dataclasses, sys\nfrom pathlib import Path\nfrom course_lib.engines.registry import find\n"
        "from course_lib.engines.running import call\n"
        "engine = dataclasses.replace(find('dask'), name='mine', folder=Path(sys.argv[1]))\n"
        "call(engine, 'leave', Path(sys.argv[2]), {'pids': Path(sys.argv[3]), 'seconds': 300})\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", program, str(engine.folder), str(tmp_path / "run"), str(pids)])
    children = _pids(pids)
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()

    assert _gone(children)
