"""How does an engine get the packages it is locked to?

Engines disagree about their libraries, so each that the main lock does not satisfy has an environment of its own in
the cache (cache.py), made from its requirements.lock the way `setup/environment.py` makes ours: every version and hash
stands in the lock, nothing is resolved, the installer is pinned too. It is pip, because pip keeps to the index, proxy
and certificates that are set up on this machine.

A few packages have no wheel. They are built from their source, whose hash is in the lock, with the setuptools of the
same lock: without the isolation that would fetch another.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet

from course_lib.engines import cache as store
from course_lib.engines import jars
from course_lib.engines.cache import Say
from course_lib.engines.java import java_home
from course_lib.engines.registry import ROOT, Engine
from course_lib.errors import EngineUnavailable, one_line

INSTALLER = ROOT / "setup" / "installer.lock"
RECIPE = "1"  # another number makes every environment anew
_LAST_LINES = 12  # of a tool that failed, in the message


def python_of(engine: Engine) -> Path:
    """The Python that runs the engine. Raises EngineUnavailable, which says what to type, where it is not installed."""
    if engine.status == "never":
        raise EngineUnavailable(engine.title, engine.reason)
    if missing := lacks(engine):
        raise EngineUnavailable(engine.title, missing)
    if engine.lock is None:
        return Path(sys.executable)
    folder = store.there(key(engine))
    assert folder is not None
    return folder / "bin" / "python"


def lacks(engine: Engine) -> str:
    """What keeps the engine from running here, with what to do about it; empty where nothing does."""
    try:
        if "java" in engine.needs:
            java_home()
        if engine.lock is not None and store.there(key(engine)) is None:
            return f"Install it with: course engines install {engine.name}"
        if engine.jars_lock is not None:
            jars.folder_of(engine)
    except EngineUnavailable as error:
        return str(error)
    return ""


def install(engine: Engine, say: Say) -> Path | None:
    """Bring the engine's environment and jars into the cache; its environment's folder, None for the main one.

    Raises EngineUnavailable with the words of the tool that failed.
    """
    if "java" in engine.needs:
        java_home()
    folder = None
    if engine.lock is not None:
        folder = store.built(key(engine), lambda beside: _make(engine, beside, say), say)
    if engine.jars_lock is not None:
        jars.install(engine, say)
    return folder


def key(engine: Engine) -> str:
    """The name of the engine's environment in the cache: a digest of all that decides what is in it."""
    assert engine.lock is not None
    digest = hashlib.sha256()
    tag = interpreter(engine)[1]
    parts = [RECIPE, tag, platform.machine(), *engine.sources, INSTALLER.read_text("utf-8")]
    for part in [*parts, engine.lock.read_text("utf-8")]:
        digest.update(part.encode() + b"\0")
    return f"env-{engine.name}-{tag}-{digest.hexdigest()[:12]}"


def interpreter(engine: Engine) -> tuple[str, str]:
    """A Python that the engine has packages for: (command, tag). Raises EngineUnavailable."""
    wanted = SpecifierSet(engine.python)
    here = ".".join(map(str, sys.version_info[:3]))
    if here in wanted:
        return sys.executable, str(sys.implementation.cache_tag)
    for name in ("python3.13", "python3.12", "python3.11", "python3.10"):
        command = shutil.which(name)
        found = _asked(command) if command else None
        if command and found and found[1] in wanted:
            return command, found[0]
    raise EngineUnavailable(
        f"a Python {engine.python}", f"{engine.title} has no packages for {here}. Install one, so that it is on PATH."
    )


@cache
def _asked(command: str) -> tuple[str, str] | None:
    """What a Python says of itself: (tag, version)."""
    ask = "import sys; print(sys.implementation.cache_tag, *sys.version_info[:3])"
    try:
        ran = subprocess.run([command, "-I", "-c", ask], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    tag, *version = ran.stdout.split()
    return tag, ".".join(version)


def _make(engine: Engine, folder: Path, say: Say) -> None:
    """Fill `folder` with the environment of the engine."""
    assert engine.lock is not None
    wheels, sources = split(engine.lock.read_text("utf-8"), engine.sources)
    say(f"making an environment with {Path(interpreter(engine)[0]).name}")
    _run(engine, "venv", [interpreter(engine)[0], "-I", "-m", "venv", str(folder)])
    python = str(folder / "bin" / "python")
    pip = [python, "-I", "-W", "ignore", "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    plain = ["--only-binary=:all:", "--no-compile", "--no-user"]
    _run(engine, "pip install", [*pip, *plain, "--requirement", str(INSTALLER)])
    say(f"installing {wheels.count('==')} packages from {engine.name}/requirements.lock (minutes, once)")
    listed = folder / "wheels.lock"
    listed.write_text(wheels, "utf-8")
    _run(engine, "pip install", [*pip, *plain, "--requirement", str(listed)])
    if sources:
        say(f"building {', '.join(engine.sources)} from source")
        listed = folder / "sources.lock"
        listed.write_text(sources, "utf-8")
        build = ["--no-binary=:all:", "--no-build-isolation", "--no-compile", "--no-user", "--requirement", str(listed)]
        _run(engine, "pip install", [*pip, *build])
    _run(engine, "pip check", [python, "-I", "-m", "pip", "check"])
    say("compiling, so that every later start is quick")
    # A few packages carry templates that are not Python: their failure is expected, and says nothing.
    compile_all = [python, "-I", "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", str(folder / "lib")]
    subprocess.run(compile_all, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def split(lock: str, sources: tuple[str, ...]) -> tuple[str, str]:
    r"""A lock as two: the pins that have wheels, and those that are built.

    >>> split("a==1 \\\n    --hash=sha256:0\nb==2 \\\n    --hash=sha256:1\n", ("b",))
    ('a==1 \\\n    --hash=sha256:0\n', 'b==2 \\\n    --hash=sha256:1\n')
    """
    parts: dict[bool, list[str]] = {False: [], True: []}
    for block in re.findall(r"^(?=\S)(?!#).*\n(?:[ ]+.*\n)*", lock, re.MULTILINE):
        name = re.match(r"[A-Za-z0-9._-]+", block)
        parts[name is not None and name[0] in sources].append(block)
    return "".join(parts[False]), "".join(parts[True])


def _run(engine: Engine, what: str, command: list[str]) -> None:
    """Run a tool of the installation; EngineUnavailable with its own words where it fails."""
    quiet = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=quiet, check=False
        )
    except OSError as error:
        raise EngineUnavailable(engine.title, f"`{what}` could not be started: {one_line(error)}") from error
    if ran.returncode:
        said = [one_line(line) for line in ran.stdout.decode(errors="replace").splitlines() if line.strip()]
        words = " | ".join(said[-_LAST_LINES:]) or "nothing"
        raise EngineUnavailable(
            engine.title,
            f"`{what}` ended with code {ran.returncode} and said: {words}. "
            f"When the cause is gone: course engines install {engine.name}",
        )
