"""Formgrader listens on loopback with a token, keeps its settings in the class, and ends with what started it."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from course_lib.grading.class_folder import ClassFolder
from course_lib.grading.formgrader import arguments, settle
from course_lib.grading.formgrader_guard import _INSTEAD, _jupyter_server_extension_points
from tests.browser.servers import serving
from tests.grading.classroom import modes


def test_it_listens_on_loopback_and_draws_a_token(of: ClassFolder):
    told = arguments(of, None, True)

    assert "--ServerApp.ip=127.0.0.1" in told
    assert not any("token" in part or "password" in part for part in told), "the token is drawn anew each time"


def test_its_settings_lie_in_the_class(of: ClassFolder):
    environment = settle(of)

    assert all(str(of.root) in value for key, value in environment.items() if key.endswith("DIR"))
    assert settle(of) == environment
    assert set(modes(of.root).values()) <= {"0o700", "0o600"}
    server = json.loads((of.root / ".formgrader/config/jupyter_server_config.json").read_text())["ServerApp"]
    loaded = [name for name, on in server["jpserver_extensions"].items() if on]
    assert sorted(loaded) == loaded == ["course_lib.grading.formgrader_guard", "nbgrader.server_extensions.formgrader"]
    assert "default-src 'self'" in server["tornado_settings"]["headers"]["Content-Security-Policy"]


def test_the_guard_stands_where_formgrader_has_its_buttons():
    from nbgrader.server_extensions.formgrader.apihandlers import default_handlers

    paths = {handler[0] for handler in default_handlers}

    assert {path for path in paths if "autograde" in path or "generate_feedback" in path} == set(_INSTEAD)
    assert _jupyter_server_extension_points() == [{"module": "course_lib.grading.formgrader_guard"}]


@pytest.mark.full
def test_a_port_that_is_taken_is_named(of: ClassFolder, tmp_path: Path):
    command = [sys.executable, "-m", "course_lib.cli", "formgrader", "--no-browser", "--class", str(of.root)]
    with serving(command[1:], of.root, tmp_path / "home") as first:
        port = first.address.rpartition(":")[2]
        second = subprocess.run([*command, "--port", port], capture_output=True, text=True, timeout=120, check=False)

        assert second.returncode == 2
        assert f"port {port} cannot be used (address already in use)" in second.stderr
        assert httpx.get(f"{first.address}/formgrader/api/students").status_code in (302, 403)

        us = psutil.Process(first.process.pid)
        assert us.children() == [], "it runs nothing beside itself"
