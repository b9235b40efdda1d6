"""One run at a time writes to a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.errors import OutputUnwritable, RunFolderBusy
from course_lib.storage.lock import locked

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from course_lib.storage.lock import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the lock of tmp_path/run until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_that_the_folder_is_busy(tmp_path: Path, holder: subprocess.Popen[bytes]):
    with pytest.raises(RunFolderBusy) as caught, locked(tmp_path / "run"):
        pass

    assert caught.value.path == str(tmp_path / "run")


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, holder: subprocess.Popen[bytes]):
    holder.kill()
    holder.wait()

    with locked(tmp_path / "run"):
        pass


def test_the_lock_is_free_when_its_block_ends_however_it_ends(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "a" / "run"):
        raise ZeroDivisionError

    with locked(tmp_path / "a" / "run"), pytest.raises(RunFolderBusy), locked(tmp_path / "a" / "run"):
        pass


def test_two_folders_have_two_locks(tmp_path: Path):
    with locked(tmp_path / "one"), locked(tmp_path / "two"):
        pass


def test_a_file_is_no_folder_to_lock(tmp_path: Path):
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputUnwritable), locked(path):
            pass
