"""The sandbox shows the system, Python and the library, and hides everything that decides a grade."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading import cubicle, sandbox
from tests.places import ROOT

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
)


def inside(scratch: Path, code: str) -> str:
    """What a Python in the sandbox prints."""
    words = sandbox.command(sandbox.bubblewrap(), scratch)
    done = subprocess.run([*words, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_bubblewrap
def test_it_sees_the_library_and_none_of_the_chapters_and_tests():
    with sandbox.scratch_folder() as scratch:
        seen = inside(scratch, f"import os; print(sorted(os.listdir({str(ROOT)!r})))")

    assert "'course_lib'" in seen
    assert not any(name in seen for name in ("chapters", "tests", ".git", "workspace"))


@needs_bubblewrap
def test_it_writes_to_its_scratch_folder_alone():
    places = ["/x", "/usr/x", "/etc/x", "/dev/x", str(ROOT / "x"), str(ROOT / "course_lib" / "x")]
    code = (
        "written = []\n"
        f"for place in {places!r}:\n    try: open(place, 'w'); written.append(place)\n    except OSError: pass\n"
        "open('{scratch}/ours', 'w'); print(written)"
    )
    with sandbox.scratch_folder() as scratch:
        written = inside(scratch, code.replace("{scratch}", str(scratch)))
        # Its /tmp is its own; a checkout below /tmp seems to lie in it, and only the library does.
        assert written == str([str(ROOT / "x")] if str(ROOT).startswith("/tmp/") else [])  # noqa: S108
        assert [path.name for path in scratch.iterdir()] == ["ours"]
    assert not any(Path(place).exists() for place in places)


@needs_bubblewrap
def test_it_has_no_network_no_capability_and_no_neighbours():
    code = (
        "import os, socket\nstatus = open('/proc/self/status').read()\n"
        "neighbours = sorted(name for name in os.listdir('/proc') if name.isdigit())\n"
        "print(socket.if_nameindex(), 'CapEff:\\t0000000000000000' in status, neighbours)"
    )
    with sandbox.scratch_folder() as scratch:
        assert inside(scratch, code) == "[(1, 'lo')] True ['1', '2']"


def test_where_a_sandbox_may_hold_no_other_the_error_says_what_to_allow(monkeypatch):
    monkeypatch.setattr(sandbox, "_TRIAL", "raise OSError('mount tmpfs on /tmp: Operation not permitted')")

    with pytest.raises(sandbox.NoSandbox, match=r"mount tmpfs on /tmp: .* user namespaces, one within another: sysctl"):
        sandbox.bubblewrap()


def test_interpreters_of_the_system_need_no_folder_of_their_own(monkeypatch):
    for name in ("prefix", "base_prefix", "exec_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, name, "/usr")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")

    assert sandbox.interpreter_places() == []


def test_what_an_answer_locked_is_removed_all_the_same(tmp_path):
    locked = tmp_path / "scratch" / "a" / "b"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    (locked / "link").symlink_to("/")
    locked.chmod(0)
    locked.parent.chmod(0)

    sandbox.remove(tmp_path / "scratch")

    assert not list(tmp_path.iterdir())


def test_files_without_end_are_noticed(tmp_path, monkeypatch):
    assert cubicle.too_many_files(str(tmp_path)) == ""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "big").write_bytes(b"x" * 100_000)
    (tmp_path / "deep" / "loop").symlink_to(tmp_path)
    monkeypatch.setattr(cubicle, "MOST_WRITTEN", 50_000)
    assert "it wrote more than" in cubicle.too_many_files(str(tmp_path))
    monkeypatch.setattr(cubicle, "MOST_FILES", 3)
    assert "it made more than 3 files" in cubicle.too_many_files(str(tmp_path))


def test_processes_and_memory_without_end_are_noticed(monkeypatch):
    children = [subprocess.Popen(["sleep", "30"]) for _ in range(3)]
    try:
        import os

        me = os.getpid()
        assert {child.pid for child in children} < set(cubicle.descendants(me))
        monkeypatch.setattr(cubicle, "MOST_MEMORY", 1 << 20)
        assert "of memory" in cubicle.too_much(me, 0)
        assert cubicle.too_much(me, 1 << 40) == ""
        monkeypatch.setattr(cubicle, "MOST_PROCESSES", 2)
        assert "more than 2 processes" in cubicle.too_much(me, 0)
    finally:
        for child in children:
            child.kill()
            child.wait()
