"""Is the environment in .venv what the locks say, and how does it become so?

    environment.py check TIER   exit code 0 if nothing is to be done
    environment.py make TIER    do what is to be done
    environment.py link         make `course` known to the environment this Python belongs to (conda, or your own)

TIER is `main` (requirements.lock) or `test` (requirements-test.lock on top). Standard library only: it runs before
anything is installed. `make` calls it; setup/python.sh finds the Python it runs with.

Nothing is resolved and nothing is built: every version and hash stands in a lock, and the installer is pinned too.
It is pip, because pip keeps to the index, proxy and certificates that are set up on this machine.

An environment carries a stamp per tier, written last, with the digest of all that went in. A stamp that differs, or
the mark of an installation that did not come to its end, and the environment is made anew; one that somebody else
made is filled up and kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
INSTALLER = ROOT / "setup" / "installer.lock"
LOCKS = {"main": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}
NEEDS = {"main": ("main",), "test": ("main", "test")}
RECIPE = "2"  # another number makes every environment anew

COMMAND = """\
#!/bin/sh
'''exec' {python} -P "$0" "$@"
' '''
import sys

from course_lib.cli import main

if __name__ == "__main__":  # Dask's workers import this file under another name
    sys.exit(main())
"""


def key(tier: str) -> str:
    """The digest of all that decides what is in the environment of `tier` at its place."""
    digest = hashlib.sha256()
    parts = [RECIPE, sys.implementation.cache_tag, platform.machine(), str(VENV)]
    for part in [*parts, INSTALLER.read_text(), LOCKS[tier].read_text()]:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def stamp(tier: str) -> Path:
    """The file that says that `tier` is installed."""
    return VENV / f".installed-{tier}"


def unfinished() -> Path:
    """The mark of an installation that has begun."""
    return VENV / ".installing"


def ready(tier: str) -> bool:
    """Whether everything `tier` needs is installed."""
    return not unfinished().exists() and all(_stamped(part) for part in NEEDS[tier])


def _stamped(tier: str) -> bool:
    return stamp(tier).is_file() and stamp(tier).read_text() == key(tier)


def make(tier: str) -> None:
    """Bring the environment to `tier`, from whatever state it is in."""
    with _alone():
        if ready(tier) and _runs():
            return
        begin = time.monotonic()
        if _must_go():
            _say("Removing the environment in .venv: it is unfinished, or for other versions")
            shutil.rmtree(VENV)
        new = not VENV.exists()
        VENV.mkdir(exist_ok=True)
        unfinished().touch()
        if new:
            _say(f"Making an environment in .venv with Python {platform.python_version()}")
            venv.create(VENV, with_pip=True)
        for part in NEEDS[tier]:
            if not _stamped(part):
                install(part)
        _in_venv("pip", "check", quiet=True)
        for part in NEEDS[tier]:
            stamp(part).write_text(key(part))
        unfinished().unlink()
        _say(f"The environment is ready after {time.monotonic() - begin:.0f} s")


def _must_go() -> bool:
    """Whether what lies in .venv is no ground to build on: half-finished, outdated, or not running."""
    if not VENV.exists():
        return False
    outdated = any(stamp(part).exists() and not _stamped(part) for part in LOCKS)
    return unfinished().exists() or outdated or not _runs()


def _runs() -> bool:
    """Whether .venv holds a Python that runs and is of our version."""
    tag = "import sys; print(sys.implementation.cache_tag)"
    try:
        ran = subprocess.run([_python(), "-I", "-c", tag], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return ran.stdout.strip() == sys.implementation.cache_tag


def install(part: str) -> None:
    """Install one lock; for `main` also what goes with it: the `course` command and the empty Prefect database."""
    lock = LOCKS[part]
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line.split("#")[0])
    _say(f"Installing {count} packages from {lock.name} (minutes, once)")
    options = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--no-user"]
    if part == "main":
        if subprocess.run([_python(), "-I", "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            _in_venv("ensurepip")  # other tools make environments without pip
        _in_venv("pip", "install", *options, "--requirement", str(INSTALLER), quiet=True)
    _in_venv("pip", "install", *options, "--requirement", str(lock))
    _say("Compiling, so that every later start is quick")
    # A few packages carry templates that are not Python: their failure is expected, and says nothing.
    _in_venv("compileall", "-qq", "-j", "0", str(_packages()), str(ROOT / "course_lib"), may_fail=True)
    if part == "main":
        link(_python(), _packages())


def command(python: Path) -> str:
    """The text of the `course` command: a shell's first lines, which start `python` on the same text.

    The first line of a script cannot name an interpreter whose path holds a space; a shell can.
    """
    return COMMAND.format(python=shlex.quote(str(python)))


def link(python: Path, packages: Path) -> None:
    """Make the checkout importable, `course` a command, and the empty Prefect database, for the `python` there."""
    (packages / "course_lib.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = python.parent / "course"
    script.write_text(command(python), encoding="utf-8")
    script.chmod(0o755)
    ask = "from course_lib.flows.server import template_path; print(template_path())"
    asked = subprocess.run([python, "-I", "-c", ask], stdout=subprocess.PIPE, text=True, check=True)
    template = Path(asked.stdout.rstrip("\n"))
    if not template.exists():
        _say("Preparing the empty database of Prefect")
        subprocess.run([python, "-P", ROOT / "course_lib/flows/prefect_child.py", "template", template], check=True)


def _python() -> Path:
    return VENV / "bin" / "python"


def _packages() -> Path:
    return VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _in_venv(module: str, *arguments: str, quiet: bool = False, may_fail: bool = False) -> None:
    """Run a module with the environment's Python, apart from PYTHON* variables and packages of the user."""
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    out = subprocess.PIPE if quiet else None
    program = [
        str(_python()),
        "-I",
        "-W",
        "ignore",
        "-m",
        module,
    ]  # packages compiled for the first time warn of themselves
    ran = subprocess.run([*program, *arguments], env=environment, stdout=out, check=False)
    if ran.returncode and not may_fail:
        sys.stdout.write((ran.stdout or b"").decode(errors="replace"))
        sys.exit(
            f"`python -m {module} {arguments[0] if arguments else ''}` failed with exit code {ran.returncode}: see"
            " above. When the cause is gone, the same make command starts over."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """One installation at a time in this checkout; a second one waits."""
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("Waiting for another installation in this checkout to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str]) -> None:
    """Do what the command line asks."""
    match arguments:
        case ["check", tier] if tier in LOCKS:
            sys.exit(not ready(tier))
        case ["make", tier] if tier in LOCKS:
            make(tier)
        case ["link"]:
            link(Path(sys.executable), Path(sysconfig.get_path("purelib")))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error} Its words are above. When the cause is gone, the same make command starts over.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same make command starts over.")
