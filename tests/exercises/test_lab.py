"""JupyterLab runs on loopback with a token, keeps to its folder, and ends with what started it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from course_lib.exercises.lab import arguments, settle
from tests.exercises.workshop import checkout
from tests.processes import gone

START = """
import sys
from pathlib import Path
from course_lib.exercises import lab, workspace
folder = Path(sys.argv[1])
workspace.update(folder, Path(sys.argv[2]))
lab.serve(folder, browser=False)
"""


@dataclass
class Lab:
    """A JupyterLab that runs."""

    process: subprocess.Popen
    address: str
    token: str
    home: Path

    def get(self, path: str, **told: str) -> httpx.Response:
        return httpx.get(self.address + path, headers=told, timeout=60)

    def kernel(self) -> int:
        """Start a kernel; its process."""
        answer = httpx.post(
            self.address + "/api/kernels", headers={"Authorization": f"token {self.token}"}, json={}, timeout=60
        )
        answer.raise_for_status()
        [child] = [one for one in psutil.Process(self.process.pid).children() if "ipykernel" in " ".join(one.cmdline())]
        return child.pid


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on the fixture's workspace, with an empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    hidden = {"COURSE_WORKSPACE", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden} | {"HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "workspace"), str(checkout(tmp_path / "checkout"))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/lab/tree/index\.md\?token=(\w+)", line)
        assert found, f"{line!r}\n{process.stderr.read() if process.stderr and process.poll() is not None else ''}"
        yield Lab(process, found[1], found[2], home)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)


def test_one_ctrl_c_stops_everything(lab: Lab, tmp_path: Path):
    token = {"Authorization": f"token {lab.token}"}
    assert lab.get("/api/contents/index.md").status_code == 403
    assert "Data pipelines" in lab.get("/api/contents/index.md", **token).json()["content"]
    assert lab.get("/api/contents/.course", **token).status_code == 404
    assert lab.get("/lab/tree/index.md", **token).status_code == 200
    page = json.loads(
        re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', lab.get("/lab", **token).text, re.DOTALL)[0]
    )
    assert page["news"] == {"disabled": True}
    [port] = {c.laddr for c in psutil.Process(lab.process.pid).net_connections("tcp") if c.status == "LISTEN"}
    assert port.ip == "127.0.0.1"
    kernel = lab.kernel()

    lab.process.send_signal(signal.SIGINT)

    assert lab.process.wait(60) == 0
    assert gone(kernel)
    assert list(lab.home.rglob("*")) == [], "nothing is written to the home folder"


@pytest.mark.full
def test_a_killed_jupyterlab_leaves_no_kernel(lab: Lab):
    kernel = lab.kernel()
    time.sleep(2)  # it looks after its parent once it runs

    lab.process.kill()

    assert gone(kernel)


def test_a_port_that_is_taken_is_named(tmp_path: Path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = START.replace("browser=False", f"browser=False, port={port}")
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "workspace"), str(checkout(tmp_path / "checkout"))],
            capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    assert done.returncode
    assert f"port {port} cannot be used (address already in use); leave out --port" in done.stderr


def test_settings_stay_in_the_workspace(tmp_path: Path):
    environment = settle(tmp_path)

    assert all(str(tmp_path) in value for key, value in environment.items() if key.endswith("DIR"))
    assert settle(tmp_path) == environment


def test_jupyterlab_asks_nobody_for_news(tmp_path: Path):
    told = arguments(tmp_path, None, True)

    assert "--LabApp.news_url=None" in told
    assert "--ServerApp.ip=127.0.0.1" in told
    assert not any("token" in part or "password" in part for part in told), "the token is drawn anew each time"
