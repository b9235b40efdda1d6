"""Is nothing left behind when whoever started a service is killed?"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.errors import EngineUnavailable
from course_lib.ingestion.keeper import Keeper, Scratch

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
PARENT = """
import sys, time, tempfile
from pathlib import Path
from course_lib.ingestion.keeper import Keeper, Scratch
folder = Path(tempfile.mkdtemp(dir={where!r}))
keeper = Keeper("a sleeper", [{step!r}], folder)
print(keeper.pid, flush=True)
time.sleep(600)
"""


def gone_within(seconds: float, pids: list[int]) -> bool:
    """Whether the processes end; a generous limit, so that a busy machine is no failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.05)
    return False


def children(pid: int) -> list[int]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = [child.pid for child in psutil.Process(pid).children(recursive=True)]
        if found:
            return found
        time.sleep(0.02)
    return []


def test_a_service_and_its_folder_go_when_the_parent_is_killed(tmp_path: Path):
    program = PARENT.format(where=str(tmp_path), step=SLEEPER)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        keeper = int(parent.stdout.readline())
        service = children(keeper)
        parent.send_signal(signal.SIGKILL)

    assert service
    assert gone_within(30, [keeper, *service])
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_goes_with_a_killed_process(tmp_path: Path):
    program = (
        "import time, tempfile\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "from course_lib.ingestion.keeper import Scratch\n"
        "scratch = Scratch()\n"
        "(scratch.path / 'file').write_text('x')\n"
        "print(scratch._keeper.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        keeper = int(parent.stdout.readline())
        before = [path.name for path in tmp_path.rglob("file")]
        parent.send_signal(signal.SIGKILL)

    assert before == ["file"]
    assert gone_within(30, [keeper])
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_can_be_removed():
    scratch = Scratch()
    assert scratch.path.is_dir()
    scratch.remove()
    scratch.remove()

    assert not scratch.path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the children of a killed process")
def test_a_service_goes_when_its_keeper_is_killed(tmp_path: Path):
    folder = tmp_path / "service"
    folder.mkdir()
    keeper = Keeper("a sleeper", [SLEEPER], folder)
    service = children(keeper.pid)
    os.kill(keeper.pid, signal.SIGKILL)

    assert service
    assert gone_within(30, service)
    keeper.stop()


def test_stopping_twice_is_stopping_once(tmp_path: Path):
    folder = tmp_path / "service"
    folder.mkdir()
    keeper = Keeper("a sleeper", [SLEEPER], folder)
    service = children(keeper.pid)
    keeper.stop()
    keeper.stop()

    assert gone_within(30, service)
    assert not folder.exists()


def test_a_service_that_dies_is_told_with_its_last_words(tmp_path: Path):
    folder = tmp_path / "service"
    folder.mkdir()
    keeper = Keeper("a talker", [[sys.executable, "-c", "raise SystemExit('no port is free')"]], folder)
    keeper.wait_for_end(30)

    with pytest.raises(EngineUnavailable, match="no port is free"):
        keeper.check()
    keeper.stop()


def test_a_service_does_not_start_where_its_preparation_fails(tmp_path: Path):
    folder, mark = tmp_path / "service", tmp_path / "started"
    folder.mkdir()
    failing = [sys.executable, "-c", "raise SystemExit('the disk is full')"]
    keeper = Keeper("a service", [failing, [sys.executable, "-c", f"open({str(mark)!r}, 'w')"]], folder)
    keeper.wait_for_end(30)

    with contextlib.suppress(EngineUnavailable):
        keeper.check()
    keeper.stop()
    assert not mark.exists()
