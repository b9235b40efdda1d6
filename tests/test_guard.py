"""Whatever happens in a command, it ends with an exit code and one sentence."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings

import pytest
import typer

from course_lib.errors import CheckFailed, UnreadableFile
from course_lib.guard import guarded
from tests.places import ROOT


def ended(work, capsys: pytest.CaptureFixture[str], **options) -> tuple[int, str]:
    """The exit code of `work` under guard, and what was told."""
    with pytest.raises(typer.Exit) as caught:
        guarded(work, **{"verbose": False, **options})
    return caught.value.exit_code, capsys.readouterr().err


def raising(error: BaseException):
    def work():
        raise error

    return work


CASES = [
    (UnreadableFile("a.csv", "why", "Mend it."), 2, "error: a.csv: why. Mend it.\n"),
    (CheckFailed([("rows", "one is gone")]), 1, "error: nothing was published, because rows: one is gone\n"),
    (OSError(errno.ENOSPC, "x"), 1, "error: the machine refuses: no space is left where it writes\n"),
    (
        OSError(errno.EMFILE, "x", "f"),
        1,
        "error: the machine refuses (f): more files are open than `ulimit -n` allows\n",
    ),
    (KeyboardInterrupt(), 130, "stopped\n"),
    (SystemExit(1), 1, ""),
]


@pytest.mark.parametrize(("error", "code", "told"), CASES, ids=lambda part: type(part).__name__)
def test_an_error_ends_with_its_code_and_one_sentence(capsys, error, code, told):
    assert ended(raising(error), capsys) == (code, told)


def test_an_unexpected_error_is_one_line_and_says_how_to_see_more(capsys):
    code, told = ended(raising(KeyError("a\nb\x1b[2J")), capsys)

    assert code == 1
    assert told.startswith("error: KeyError: 'a\\nb\\x1b[2J'\n")
    assert "--verbose" in told
    assert "Traceback" not in told


def test_the_place_in_the_code_is_shown_where_it_is_asked_for(capsys):
    assert "Traceback" in ended(raising(KeyError("x")), capsys, verbose=True)[1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), OSError(errno.ENOSPC, "x")])
def test_what_resumes_says_so(capsys, error):
    assert "run the same command again to resume" in ended(raising(error), capsys, resumes=True)[1]


def test_work_that_is_done_ends_with_the_code_it_returns(capsys):
    assert ended(lambda: 1, capsys) == (1, "")
    guarded(lambda: 0, verbose=False)


def test_a_folder_that_is_gone_is_named_as_the_reason(capsys, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    code, told = ended(lambda: 0, capsys)

    assert (code, "`cd` to another" in told) == (2, True)


def started(program: str, *flags: str, **options) -> subprocess.CompletedProcess[str]:
    """A process that prepares itself and runs `program`."""
    text = f"from course_lib.guard import prepare; prepare()\n{program}"
    command = [sys.executable, *flags, "-c", text]
    return subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=False, **options)


def test_what_a_terminal_cannot_show_is_escaped():
    done = started("print('grün', '\\udcff')", env={**os.environ, "PYTHONIOENCODING": "ascii:strict"})

    assert (done.returncode, done.stdout) == (0, "gr\\xfcn \\udcff\n")


@pytest.mark.parametrize("flag", ["-Werror", "-Werror::DeprecationWarning"])
def test_a_warning_of_a_library_is_no_error_whatever_the_environment_says(flag):
    assert started("import warnings; warnings.warn('old', DeprecationWarning)", flag).returncode == 0
    assert warnings.filters  # of this process they are left alone


def test_a_process_without_standard_streams_gets_silent_ones(tmp_path):
    text = (
        "import os, sys; print(1); print(2, file=sys.stderr); os.close(os.open('/', 0)); open('fd', 'w').write('done')"
    )
    program = f"from course_lib.guard import prepare; prepare()\n{text}"
    shell = f'exec "{sys.executable}" -c "$0" <&- >&- 2>&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", shell, program], cwd=tmp_path, env=environment, check=False)

    assert done.returncode == 0
    assert (tmp_path / "fd").read_text() == "done"
