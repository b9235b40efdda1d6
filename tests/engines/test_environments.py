"""An engine's environment is what its lock says, and a failure to make it says why."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from course_lib.engines import environments
from course_lib.engines.environments import interpreter, key, lacks, python_of, split
from course_lib.engines.java import java_home
from course_lib.engines.registry import Engine, find
from course_lib.errors import EngineUnavailable

LOCK = "a-package==1.0 \\\n    --hash=sha256:{}\n".format("0" * 64)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with a lock that nothing satisfies, and an empty cache."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "requirements.lock").write_text(LOCK)
    return dataclasses.replace(find("dask"), name="mine", folder=folder)


def test_an_engine_that_is_not_installed_says_what_to_type(engine):
    with pytest.raises(EngineUnavailable, match=r"course engines install mine"):
        python_of(engine)


def test_the_first_failure_of_an_installation_is_the_tools_own_words_and_leaves_nothing(engine, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    said: list[str] = []

    with pytest.raises(EngineUnavailable, match=r"`pip install` ended with code 1 and said: .*pip==") as found:
        environments.install(engine, said.append)

    assert "course engines install mine" in str(found.value)
    assert lacks(engine)


def test_another_lock_another_python_or_another_recipe_is_another_environment(engine, monkeypatch):
    keys = {key(engine)}
    keys.add(key(dataclasses.replace(engine, sources=("a-package",))))
    monkeypatch.setattr(environments, "RECIPE", "other")
    keys.add(key(engine))
    (engine.folder / "requirements.lock").write_text(LOCK + "\n")
    keys.add(key(engine))

    assert len(keys) == 4
    assert all(one.startswith(f"env-mine-{sys.implementation.cache_tag}-") for one in keys)


def test_an_engine_for_another_python_says_which(engine, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(EngineUnavailable, match=r"a Python >=3\.99 is not here"):
        interpreter(dataclasses.replace(engine, python=">=3.99"))


def test_a_lock_is_split_into_what_has_wheels_and_what_is_built():
    lock = LOCK + LOCK.replace("a-package", "b") + "    # via a-package\n"
    wheels, sources = split(lock, ("b",))

    assert wheels == LOCK
    assert sources.startswith("b==1.0")
    assert split(lock, ()) == (lock, "")


@pytest.mark.parametrize(
    ("version", "fits"), [("17.0.1", True), ("21", True), ("11.0.2", False), ("25.0.1", False), ("1.8.0_392", False)]
)
def test_java_17_and_21_are_taken_and_others_are_named(version, fits, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f'#!/bin/sh\necho "    java.home = {tmp_path}" >&2\necho \'openjdk version "{version}"\' >&2\n')
    java.chmod(0o755)

    if fits:
        assert java_home({"JAVA_HOME": str(tmp_path)}) == tmp_path
        assert java_home({"PATH": str(java.parent)}) == tmp_path
    else:
        with pytest.raises(EngineUnavailable, match=r"is Java .*openjdk-17-jre"):
            java_home({"JAVA_HOME": str(tmp_path)})


def test_without_java_one_is_told_how_to_get_it(tmp_path):
    for environment in ({"PATH": str(tmp_path)}, {"JAVA_HOME": str(tmp_path)}):
        with pytest.raises(EngineUnavailable, match=r"Java 17 or 21 is not here.*openjdk-17-jre"):
            java_home(environment)
