"""Jars are those that were pinned, whichever client brought them."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from course_lib.engines import jars
from course_lib.engines.registry import Engine, find
from course_lib.errors import BadArgument, EngineUnavailable

ONE, TWO = b"one", b"two"
LOCK = (
    f"org.some:one:1.0 sha256:{hashlib.sha256(ONE).hexdigest()}\n"
    f"org.some:two:2.0:linux-x86_64 sha256:{hashlib.sha256(TWO).hexdigest()}\n"
)
FILES = {"one-1.0.jar": "one", "two-2.0-linux-x86_64.jar": "two"}
# Clients that do as the real ones are documented to: copy to the folder that they were told, or print paths.
MAVEN = """#!/bin/sh
for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#-DoutputDirectory=};; esac; done
grep -q '<artifactId>one</artifactId>' "$(dirname "$0")/../cache/engines"/*/.scratch/pom.xml || exit 3
"""
COURSIER = '#!/bin/sh\nout=$(dirname "$0")\n'
IVY = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -retrieve ] && out=$(dirname "$2"); shift; done
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with two jars, an empty cache, and a PATH without a client."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    folder, programs = tmp_path / "mine", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    (folder / "jars.lock").write_text(LOCK)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(jars.shutil, "which", _only(programs))
    return dataclasses.replace(find("dask"), name="mine", folder=folder)


def _only(folder: Path):
    return lambda name: str(folder / name) if (folder / name).exists() else None


def _client(tmp_path: Path, name: str, script: str, files: dict[str, str] = FILES) -> None:
    program = tmp_path / "bin" / name
    lines = [f'printf {text} > "$out/{file}"; echo "$out/{file}"' for file, text in files.items()]
    program.write_text(script + "\n".join(lines) + "\n")
    program.chmod(0o755)


@pytest.mark.parametrize(("name", "script"), [("mvn", MAVEN), ("cs", COURSIER), ("coursier", COURSIER), ("ivy", IVY)])
def test_each_client_brings_the_jars(name, script, engine, tmp_path):
    _client(tmp_path, name, script)

    folder = jars.install(engine, lambda line: None)

    assert {path.name: path.read_text() for path in folder.iterdir()} == FILES
    assert jars.folder_of(engine) == folder


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({**FILES, "one-1.0.jar": "else"}, "org.some:one:1.0.*another file than the one pinned"),
        ({"one-1.0.jar": "one"}, "org.some:two:2.0:linux-x86_64.*did not bring"),
    ],
)
def test_another_file_than_the_pinned_one_is_refused_and_not_kept(files, words, engine, tmp_path):
    _client(tmp_path, "cs", COURSIER, files)

    with pytest.raises(EngineUnavailable, match=words):
        jars.install(engine, lambda line: None)
    with pytest.raises(EngineUnavailable, match=r"course engines install mine"):
        jars.folder_of(engine)


def test_a_jar_that_nobody_pinned_is_thrown_away(engine, tmp_path):
    _client(tmp_path, "cs", COURSIER, {**FILES, "evil-1.jar": "evil"})

    assert {path.name for path in jars.install(engine, lambda line: None).iterdir()} == set(FILES)


def test_a_client_that_fails_is_quoted(engine, tmp_path):
    program = tmp_path / "bin" / "mvn"
    program.write_text("#!/bin/sh\necho '[INFO] hm'\necho '[ERROR] no such host'\nexit 1\n")
    program.chmod(0o755)

    with pytest.raises(EngineUnavailable, match=r"`mvn` ended with code 1 and said: \[ERROR\] no such host"):
        jars.install(engine, lambda line: None)


def test_without_a_client_one_is_told_which_would_do(engine):
    with pytest.raises(EngineUnavailable, match=r"apt-get install maven.*Coursier.*Ivy"):
        jars.install(engine, lambda line: None)


@pytest.mark.parametrize(
    "line",
    ["g:a:1", "g:a sha256:" + "0" * 64, "g:a:1 sha256:0", "g:a:1;rm sha256:" + "0" * 64, "g:../a:1 sha256:" + "0" * 64],
)
def test_a_line_that_pins_nothing_is_refused(line):
    with pytest.raises(BadArgument, match=r"jars\.lock"):
        jars.parse(line)


def test_two_files_of_one_name_are_refused():
    with pytest.raises(BadArgument, match="same file name"):
        jars.parse("".join(f"{group}:a:1 sha256:{'0' * 64}\n" for group in "gh"))


def test_mavens_project_asks_for_these_files_and_none_of_their_needs():
    project = ElementTree.fromstring(jars.pom(jars.parse(LOCK)))  # noqa: S314  our own text
    wanted = project.find("dependencies")
    assert wanted is not None
    found = [{part.tag: part.text for part in one if part.tag != "exclusions"} for one in wanted]

    assert [one["artifactId"] for one in found] == ["one", "two"]
    assert found[1]["classifier"] == "linux-x86_64"
    assert all(one.findtext("exclusions/exclusion/artifactId") == "*" for one in wanted)
