"""What is replaced is the old or the new, whatever happens on the way."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.errors import OutputUnwritable
from course_lib.storage import atomic
from course_lib.storage.atomic import TEMPORARY, replacing, replacing_folder, sweep, write_json, write_text

ROOT = Path(__file__).resolve().parents[2]


class Killed(BaseException):
    """The process is gone."""


def content(path: Path) -> str | dict[str, str] | None:
    """The text of a file, the texts of a folder's files, or None where nothing is."""
    if path.is_dir():
        return {file.relative_to(path).as_posix(): file.read_text() for file in path.rglob("*") if file.is_file()}
    return path.read_text() if path.exists() else None


def strays(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(f"{TEMPORARY}*")]


def put(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text)


def put_folder(path: Path, *names: str, sync: bool = True) -> None:
    with replacing_folder(path, sync) as beside:
        for name in names:
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_text(name)


def test_a_file_is_replaced_and_its_folder_made(tmp_path: Path):
    for text in ("old", "new"):
        put(tmp_path / "a" / "b" / "file", text)

        assert content(tmp_path / "a" / "b" / "file") == text
    assert strays(tmp_path) == []


def test_the_old_file_is_there_while_the_new_one_is_written(tmp_path: Path):
    put(tmp_path / "file", "old")

    with replacing(tmp_path / "file") as beside:
        beside.write_text("ne")
        assert content(tmp_path / "file") == "old"


@pytest.mark.parametrize("raised", [ValueError("no"), OSError(errno.EIO, "broken"), KeyboardInterrupt(), Killed()])
@pytest.mark.parametrize("old", [None, "old"])
def test_an_exception_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, raised: BaseException, old: str | None):
    if old is not None:
        put(tmp_path / "file", old)

    with pytest.raises(type(raised)), replacing(tmp_path / "file") as beside:
        beside.write_text("half")
        raise raised

    assert content(tmp_path / "file") == old
    assert strays(tmp_path) == []


@pytest.mark.parametrize("raised", [ValueError("no"), OSError(errno.EIO, "broken"), KeyboardInterrupt(), Killed()])
@pytest.mark.parametrize("old", [None, {"old": "old"}])
def test_an_exception_leaves_the_old_folder_and_nothing_beside_it(
    tmp_path: Path, raised: BaseException, old: dict[str, str] | None
):
    if old is not None:
        put_folder(tmp_path / "folder", *old)

    with pytest.raises(type(raised)), replacing_folder(tmp_path / "folder") as beside:
        (beside / "half").write_text("half")
        raise raised

    assert content(tmp_path / "folder") == old
    assert strays(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), "the disk is full", id="full disk"),
        pytest.param(OSError(errno.EDQUOT, "Quota exceeded"), "quota", id="quota"),
        pytest.param(OSError(errno.EROFS, "Read-only file system"), "read-only", id="remounted read-only"),
        pytest.param(PermissionError(errno.EACCES, "Permission denied"), "permission denied", id="no permission"),
    ],
)
@pytest.mark.parametrize("replace", [replacing, replacing_folder])
def test_what_the_disk_refuses_is_told_with_the_path_and_a_remedy(tmp_path: Path, replace, error: OSError, told: str):
    with pytest.raises(OutputUnwritable) as caught, replace(tmp_path / "out"):
        raise error

    assert caught.value.path == str(tmp_path / "out")
    assert told in caught.value.why
    assert "resumes" in caught.value.remedy


@pytest.mark.parametrize("replace", [replacing, replacing_folder])
def test_a_place_below_a_file_cannot_be_written(tmp_path: Path, replace):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputUnwritable, match="Move away what is there") as caught, replace(tmp_path / "file" / "out"):
        pass

    assert caught.value.path == str(tmp_path / "file" / "out")


def test_a_folder_in_the_place_of_a_file_is_left_and_told(tmp_path: Path):
    (tmp_path / "out" / "full").mkdir(parents=True)

    with pytest.raises(OutputUnwritable, match="Move away what is there"), replacing(tmp_path / "out") as beside:
        beside.write_text("new")

    assert (tmp_path / "out" / "full").is_dir()
    assert strays(tmp_path) == []


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path):
    put_folder(tmp_path / "folder", "a", "sub/b")
    put_folder(tmp_path / "folder", "a", "sub/c")

    assert content(tmp_path / "folder") == {"a": "a", "sub/c": "sub/c"}
    assert strays(tmp_path) == []


@pytest.mark.parametrize("call", [1, 2])
def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int):
    put_folder(tmp_path / "folder", "old")
    calls = []

    def replace(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == call:
            raise OSError(errno.EIO, "broken")
        Path(source).rename(target)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "replace", replace)
        with pytest.raises(OSError, match="broken"):
            put_folder(tmp_path / "folder", "new")

    assert content(tmp_path / "folder") == {"old": "old"}
    assert strays(tmp_path) == []


def test_an_old_folder_that_cannot_be_removed_does_not_undo_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    put_folder(tmp_path / "folder", "old")

    def rmtree(path: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise OSError(errno.EBUSY, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(atomic.shutil, "rmtree", rmtree)
        put_folder(tmp_path / "folder", "new")

    assert content(tmp_path / "folder") == {"new": "new"}
    sweep(tmp_path)
    assert strays(tmp_path) == []


KILLED_AT = """
import os, sys
from pathlib import Path
from course_lib.storage import atomic

call, when, out = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
calls = 0

def replace(source, target):
    global calls
    calls += 1
    if calls == call and when == "before":
        os._exit(9)
    os.rename(source, target)
    if calls == call:
        os._exit(9)

atomic.os.replace = replace
with atomic.replacing(out / "file") as beside:
    beside.write_text("new")
with atomic.replacing_folder(out / "folder") as beside:
    (beside / "new").write_text("new")
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_kill_at_any_rename_leaves_old_or_new(tmp_path: Path, call: int, when: str):
    put(tmp_path / "file", "old")
    put_folder(tmp_path / "folder", "old")

    code = subprocess.run([sys.executable, "-c", KILLED_AT, str(call), when, str(tmp_path)], cwd=ROOT).returncode

    assert code == 9
    assert content(tmp_path / "file") == ("old" if (call, when) == (1, "before") else "new")
    # A folder cannot be replaced in one step: between the second rename and the third there is none, never half a one.
    there = {2: {"before": "old", "after": None}, 3: {"before": None, "after": "new"}}.get(call, {}).get(when, "old")
    assert content(tmp_path / "folder") == (None if there is None else {there: there})
    sweep(tmp_path)
    assert strays(tmp_path) == []
    put_folder(tmp_path / "folder", "new")
    assert content(tmp_path / "folder") == {"new": "new"}


def test_sweeping_removes_what_killed_writers_left_at_any_depth_and_nothing_else(tmp_path: Path):
    put(tmp_path / "a" / "kept", "kept")
    (tmp_path / f"{TEMPORARY}1-file").write_text("")
    (tmp_path / "a" / f"{TEMPORARY}2-folder" / "sub").mkdir(parents=True)
    (tmp_path / "a" / f"{TEMPORARY}2-folder" / "sub" / f"{TEMPORARY}3").write_text("")
    (tmp_path / f"{TEMPORARY}4-link").symlink_to(tmp_path / "a")

    sweep(tmp_path)

    assert content(tmp_path) == {"a/kept": "kept"}
    assert strays(tmp_path) == []


def test_text_is_written_as_utf8_with_the_line_ends_it_has(tmp_path: Path):
    write_text(tmp_path / "text", "Zoë\r\n\n")

    assert (tmp_path / "text").read_bytes() == b"Zo\xc3\xab\r\n\n"


def test_json_keeps_the_order_of_its_keys(tmp_path: Path):
    write_json(tmp_path / "json", {"b": 1, "a": "ü"})

    assert (tmp_path / "json").read_text() == '{\n  "b": 1,\n  "a": "ü"\n}\n'


@pytest.mark.parametrize(
    ("limit", "expected", "words"),
    [
        pytest.param("PRAGMA max_page_count = 2", OutputUnwritable, "the disk is full", id="full"),
        pytest.param("PRAGMA query_only = 1", sqlite3.OperationalError, "readonly", id="something else"),
    ],
)
def test_a_disk_that_is_full_for_sqlite_is_told_as_any_full_disk(tmp_path, limit, expected, words):
    with pytest.raises(expected, match=words), replacing_folder(tmp_path / "out") as beside:
        base = sqlite3.connect(beside / "online.db")
        base.execute("CREATE TABLE readings (text)")
        base.execute(limit)
        base.execute("INSERT INTO readings VALUES (?)", ["long" * 10_000])

    assert strays(tmp_path) == []
    assert not (tmp_path / "out").exists()
