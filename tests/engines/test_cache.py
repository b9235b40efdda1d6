"""What is in the cache is whole, however it came there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.engines import cache
from course_lib.errors import OutputUnwritable

BUILD = """
import sys, time
from pathlib import Path
from course_lib.engines import cache

def build(folder):
    with open(sys.argv[1], "a") as log:
        log.write("built\\n")
    (folder / "a").write_text("a")
    time.sleep(float(sys.argv[2]))
    (folder / "b").write_text("b")

print(cache.built("env-x-1", build, lambda line: None))
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _start(log: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(log), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_at_once_build_once_and_both_find_the_whole(tmp_path):
    builders = [_start(tmp_path / "log", 1.0) for _ in range(3)]
    found = {builder.communicate(timeout=120)[0].strip() for builder in builders}

    assert (tmp_path / "log").read_text() == "built\n"
    assert len(found) == 1
    assert sorted(path.name for path in Path(found.pop()).iterdir()) == ["a", "b"]


def test_a_build_that_is_killed_is_never_taken_for_whole_and_is_cleared_away_by_the_next(tmp_path, own_cache):
    builder = _start(tmp_path / "log", 600)
    while not list(own_cache.rglob("a")):
        time.sleep(0.01)
    os.kill(builder.pid, signal.SIGKILL)
    builder.communicate()

    assert cache.there("env-x-1") is None
    cache.built("env-x-1", lambda folder: (folder / "b").touch() or None, lambda line: None)
    assert [path.name for path in own_cache.rglob("[ab]") if path.is_file() and "env-x-1." in str(path)] == ["b"]


def test_what_a_build_raises_goes_through_and_leaves_nothing(own_cache):
    def build(folder: Path) -> None:
        (folder / "a").touch()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.built("env-x-1", build, lambda line: None)

    assert cache.there("env-x-1") is None
    assert not list(own_cache.rglob("a"))


def test_what_is_removed_is_gone_and_can_be_built_again(own_cache):
    for _ in range(2):
        cache.built("env-x-1", lambda folder: (folder / "a").write_bytes(bytes(100)) and None, lambda line: None)
        assert cache.remove("env-x", lambda line: None) == 100
        assert cache.there("env-x-1") is None
        assert not list(own_cache.rglob("a"))


def test_the_cache_is_where_the_user_says(tmp_path, monkeypatch):
    assert cache.cache_root() == tmp_path / "cache"
    monkeypatch.delenv("COURSE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_root().parent == tmp_path / "xdg"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache.cache_root().is_relative_to(tmp_path / "home")


def test_a_cache_that_cannot_be_made_is_an_error_that_names_the_variable(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file"))

    with pytest.raises(OutputUnwritable, match="COURSE_CACHE"):
        cache.engines_root()
