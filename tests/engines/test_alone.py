"""Does an engine reach for what is not its own? It runs in a network that leads nowhere, in a folder hard to name.

What it sends to anybody is heard there. What it writes beside its folder, because it took the name for something else,
lies there.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from course_lib.engines.registry import engines
from tests import nowhere
from tests.engines.contract import is_quick, ready

MISSING = nowhere.missing()
here = pytest.mark.skipif(bool(MISSING), reason=MISSING)
RUNS = [
    pytest.param(one.name, marks=[] if is_quick(one) else pytest.mark.full)
    for one in engines() if one.status in ("runs", "emulated")
]  # fmt: skip

# What SQL, a shell, a URL and ASCII each stumble over. Tecton's own SQL does not take an apostrophe.
DIFFICULT = defaultdict(lambda: "O'Brien's trips, 5% ü", tecton="five trips, 5% ü")


@here
@pytest.mark.parametrize("name", RUNS)
def test_an_engine_does_its_job_calls_nobody_and_stays_in_its_folder(name: str, tmp_path: Path):
    ready(name)
    folder = tmp_path / DIFFICULT[name]

    reached, code = nowhere.calls_of([sys.executable, "-m", "tests.engines.once", name, folder])

    assert (reached, code) == ([], 0)
    assert list(tmp_path.iterdir()) == [folder]


@here
@pytest.mark.full
def test_an_engine_that_is_not_told_to_be_quiet_is_heard(tmp_path: Path):
    """Otherwise the test above might be deaf."""
    ready("dbt")
    program = f"""
import dataclasses, pathlib
from course_lib.engines import running
from course_lib.engines.registry import find
from tests.engines.once import orchestrate_once

running.QUIET.clear()
orchestrate_once(dataclasses.replace(find("dbt"), environment={{}}), pathlib.Path({str(tmp_path)!r}))
"""
    reached, _ = nowhere.calls_of([sys.executable, "-c", program])

    assert any(call.startswith("name ") for call in reached)


@here
def test_what_is_tried_is_told():
    program = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
for where in (("telemetry.example", 443), ("198.51.100.7", 80)):
    try:
        socket.create_connection(where, timeout=0.2)
    except OSError:
        pass
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("203.0.113.9", 8125))
raise SystemExit(3)
"""
    reached, code = nowhere.calls_of([sys.executable, "-c", program])

    assert reached == ["name telemetry.example", "tcp 198.51.100.7:80", "udp 203.0.113.9:8125"]
    assert code == 3


def test_without_the_commands_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")

    assert "apt-get install" in nowhere.missing()


@here
def test_the_network_of_the_test_itself_is_left_as_it_was():
    before = subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout

    nowhere.calls_of([sys.executable, "-c", ""])

    after = subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[:2] for line in after.splitlines()] == [line.split()[:2] for line in before.splitlines()]
