"""What do the processes that grade see of this machine?

Two sandboxes of bubblewrap, one for the tests and one for the answers, each with user, process, network, IPC and host
name of its own. Both see the system, Python and `course_lib`, read-only, and one scratch folder that both may write to.
Neither sees the class (submissions, gradebook, verdicts, secret), `chapters/`, `tests/`, the home folder or a network.
The tests stand in one because they read and write where an answer may have laid a link. Within that of the answers
every answer has a cubicle of its own (cubicle.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.errors import EngineUnavailable
from course_lib.exercises.chapters import ROOT

PREFIX = "course-grade-"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "alternatives", "fonts")
_OURS = ("course_lib", "datasets")  # of the checkout: no chapters, no tests, no history
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  its own
    "TMPDIR": "/tmp",  # noqa: S108
    "IPYTHONDIR": "/tmp/ipython",  # noqa: S108
    "PYTHONDONTWRITEBYTECODE": "1",
}
INSTALL = "Debian: apt-get install bubblewrap. Or, where you trust every submission with your files: --no-sandbox."
ALLOW = (
    "Allow user namespaces, one within another: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), user.max_user_namespaces=10000 (where it is less), or a "
    "container with --security-opt seccomp=unconfined. "
    "Or, where you trust every submission with your files: --no-sandbox."
)


# What a cubicle does first, for systems that let bubblewrap have namespaces, but not who runs in it.
_TRIAL = """
from course_lib.grading import system_calls as calls
calls.own_user_and_processes()
calls.unshare(calls.NEW_NS)
calls.mount("none", "/", "", calls.MS_REC | calls.MS_PRIVATE)
calls.mount("none", "/tmp", "tmpfs", 0, "size=4k")
"""


class NoSandbox(EngineUnavailable):
    """This machine cannot shut submissions in; grading stops."""

    exit_code = 2


def bubblewrap() -> str:
    """The path of bubblewrap. Raises NoSandbox where there is none, or where it cannot start a sandbox."""
    found = shutil.which("bwrap")
    if found is None:
        raise NoSandbox("bubblewrap, which keeps submissions from your files,", INSTALL)
    words = [found, "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-all", "--unshare-user", "--uid", "1000"]
    words += ["--gid", "1000", "--cap-drop", "ALL", "--", sys.executable, "-c", _TRIAL]
    trial = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        why = (trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"])[-1]
        raise NoSandbox(f"a sandbox cannot be started ({why}); what it needs", ALLOW)
    return found


def command(bwrap: str, scratch: Path) -> list[str]:
    """The words to put before a command so that it runs in a sandbox that shares `scratch` with this machine."""
    words = [bwrap, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", "grading"]
    words += ["--new-session", "--cap-drop", "ALL"]
    for place in _SYSTEM:
        if Path(place).is_symlink():
            words += ["--symlink", os.readlink(place), place]  # noqa: PTH115  bubblewrap wants the text
        elif Path(place).is_dir():
            words += ["--ro-bind", place, place]
    for name in _SETTINGS:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108  its own
    for place in (*interpreter_places(), *ours()):
        words += ["--ro-bind-try", place, place]
    words += ["--bind", str(scratch), str(scratch)]
    for key, value in _ENVIRONMENT.items():
        words += ["--setenv", key, value]
    words += ["--unsetenv", "PYTHONPATH", "--chdir", str(ROOT), "--remount-ro", "/dev", "--remount-ro", "/", "--"]
    return words


def interpreter_places() -> list[str]:
    """The folders outside the system's that this Python lives in, outermost first."""
    wanted = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    wanted |= {Path(sys.prefix), Path(sys.executable).resolve().parent.parent}
    system = [Path(place) for place in _SYSTEM]
    outside = {place for place in wanted if not any(place == top or top in place.parents for top in system)}
    return [str(place) for place in sorted(outside) if not any(other in place.parents for other in outside)]


def ours() -> list[str]:
    """What of the checkout is seen."""
    return [str(ROOT / name) for name in _OURS if (ROOT / name).is_dir()]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder, its owner's alone, for what answers and tests write; gone afterwards, also one of a killed run."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number = old.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not _runs(int(number)):
            remove(old)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")).resolve()
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, whatever somebody has made in it."""
    for _ in range(2):
        shutil.rmtree(folder, onerror=lambda *_: None)
        if not folder.exists():
            return
        for where, names, _ in os.walk(folder):  # folders that their maker may not enter
            for name in names:
                path = Path(where, name)
                if not path.is_symlink():
                    path.chmod(0o700)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
