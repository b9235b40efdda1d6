"""What the tests of the flow share: one real run, and a way to start more."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest


class Ended(NamedTuple):
    """A `course` command that has ended."""

    code: int
    out: str
    err: str


def course(*arguments: str | Path, **environment: str) -> Ended:
    """Run the `course` command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "course_lib.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100", **environment},
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def facts(out: Path) -> dict:
    """What run.json of the run in `out` holds."""
    return json.loads((out / "run.json").read_text())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on 20,000 generated trips with two workers."""
    out = tmp_path_factory.mktemp("run") / "out"
    ended = course("pipeline", "--trips", "20000", "--out", out, "--workers", "2")
    assert ended.code == 0, ended.err
    return out
