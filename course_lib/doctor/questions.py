"""What does this machine have, and what does it lack?

Every question is a function of a `Machine` that returns a Finding; QUESTIONS lists them in the order shown, most
needed first.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import tempfile
import time
import zoneinfo
from collections.abc import Callable
from pathlib import Path

from course_lib.doctor.findings import Finding
from course_lib.monitoring.machine import Machine, allowed_cores, allowed_memory, default_workers, nearest, pins

GIB = 1 << 30


def examine(machine: Machine) -> list[Finding]:
    """A finding for every question, in the order to show them; never raises."""
    return [_asked(question, machine) for question in QUESTIONS]


def python(machine: Machine) -> Finding:
    """Is this a Python that the lock has wheels for?"""
    return Finding(
        "Python",
        ".".join(map(str, machine.version)),
        (3, 11) <= machine.version[:2] <= (3, 13),
        True,
        "the locked packages have no builds for it",
        "Install Python 3.11, 3.12 or 3.13 (Debian: apt-get install python3 python3-venv; conda: conda env create -f "
        "environment.yml) and run `make clean` and `make pipeline` again.",
    )


def environment(machine: Machine) -> Finding:
    """Does the course have its packages to itself?"""
    prefix, base = machine.prefixes
    own = prefix != base or "CONDA_PREFIX" in machine.environment
    return Finding(
        "own environment",
        prefix if own else f"{prefix} (the system's)",
        own,
        False,
        "other programs share these packages, and an update of theirs changes what the course computes",
        "Run `make pipeline` once, then `.venv/bin/course` (Debian needs: apt-get install python3-venv).",
    )


def packages(machine: Machine) -> Finding:
    """Are the installed packages those of the lock?"""
    costs = "commands fail, or compute another digest than the lock's packages do"
    remedy = "Run `make clean` and `make pipeline`; conda: conda env update -f environment.yml."
    if not machine.lock.is_file():
        return Finding("packages", f"no {machine.lock} to compare with", True, False, costs, remedy)
    here = machine.packages()
    asked = dict(pins(machine.lock.read_text()))
    absent = sorted(name for name in asked if name not in here)
    other = [f"{name} {here[name]} (lock: {pin})" for name, pin in sorted(asked.items()) if here.get(name, pin) != pin]
    lacks = [f"{name} is absent" for name in absent] + other
    found = f"all {len(asked)} as in {machine.lock.name}"
    if lacks:
        found = f"{len(lacks)} of {len(asked)} differ: " + ", ".join(lacks[:5]) + (", …" if lacks[5:] else "")
    return Finding("packages", found, not lacks, bool(absent), costs, remedy)


def loopback(machine: Machine) -> Finding:
    """Can a service start on this machine for this machine?"""
    why = _refused(lambda: machine.listen(socket.AF_INET, ("127.0.0.1", 0)))
    return Finding(
        "loopback network",
        why or "services can start on 127.0.0.1",
        not why,
        True,
        "Prefect and Dask talk over 127.0.0.1: no run can start",
        "Bring the interface up (ip link set lo up) or allow local sockets in this container.",
    )


def disk(machine: Machine) -> Finding:
    """Can a run be written where it is asked for, and does it fit?"""
    folder = nearest(machine.out)
    why, free = "", shutil.disk_usage(folder).free
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    return Finding(
        "disk",
        f"{folder}: {why}" if why else f"{folder}: {free / GIB:.1f} GiB free",
        not why and free >= 2 * GIB,
        bool(why) or free < GIB // 4,
        "a run stops when the disk is full, and goes on when there is space again; the environment alone takes 2 GiB",
        "Free some space, or choose another folder with --out.",
    )


def memory(machine: Machine) -> Finding:
    """How much memory may a run take, also by the rules of a container?"""
    total, available = machine.memory()
    limit = min(total, allowed_memory(machine))
    told = f"{limit / GIB:.1f} GiB" + (f" (container; machine {total / GIB:.1f} GiB)" if limit < total else "")
    room = min(limit, available)
    return Finding(
        "memory",
        f"{told}, {room / GIB:.1f} GiB available",
        room >= 2 * GIB,
        False,
        "a run takes up to 1.5 GiB and may be killed half way (it resumes, and is killed again)",
        "Close other programs, give the container more, or use --workers 1.",
    )


def cores(machine: Machine) -> Finding:
    """How many partitions can be worked on at once, also by the rules of a container?"""
    count, quota, workers = machine.cores(), allowed_cores(machine), default_workers(machine)
    return Finding(
        "cores",
        f"{quota:g}" + (f" (container; machine {count})" if quota < count else "") + f": --workers is {workers}",
        quota >= 2,
        False,
        "partitions are worked on one after the other: a run takes about twice as long",
        "Give the container more CPU, or use an existing cluster with --scheduler tcp://…",
    )


def java(machine: Machine) -> Finding:
    """Is there a Java that the engines on the JVM run on?"""
    home = machine.environment.get("JAVA_HOME")
    code, told = machine.run([f"{home}/bin/java" if home else "java", "-version"])
    named = re.search(r'version "(\d+)', told)
    first = told.strip().splitlines()[0] if told.strip() else "no answer"
    return Finding(
        "Java",
        first if code == 0 else f"none ({first})",
        code == 0 and named is not None and named[1] in ("17", "21"),
        False,
        "the engines Spark, Flink and Kafka are skipped",
        "Debian: apt-get install openjdk-17-jre-headless; conda: conda install -c conda-forge openjdk=17. "
        "JAVA_HOME, where set, wins over PATH.",
    )


def bubblewrap(machine: Machine) -> Finding:
    """Can students' code be run where it sees and harms nothing?"""
    code, told = machine.run(["bwrap", "--version"])
    remedy = "Debian: apt-get install bubblewrap."
    found = told.strip() or "none"
    if code == 0:
        inside = ["--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--unshare-net", "true"]
        code, why = machine.run(["bwrap", *inside])
        if code != 0:
            found += f", which cannot start a sandbox ({why.strip()})"
            remedy = (
                "Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
                "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), or a container with --security-opt "
                "seccomp=unconfined."
            )
    costs = "grading refuses to run submitted notebooks: nothing would keep them from the instructor's files"
    return Finding("bubblewrap", found, code == 0, False, costs, remedy)


def chromium(machine: Machine) -> Finding:
    """Is there a browser that can show a page without a screen?"""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for name in names if (path := machine.which(name))), None)
    return Finding(
        "Chromium",
        found or "none on PATH",
        found is not None,
        False,
        "the tests that look at report.html as a reader sees it are skipped; the report itself needs no browser",
        "Debian: apt-get install chromium.",
    )


def unix_sockets(machine: Machine) -> Finding:
    """Can a database be started that no network sees?"""
    with tempfile.TemporaryDirectory() as folder:
        why = _refused(lambda: machine.listen(socket.AF_UNIX, f"{folder}/s"))
    return Finding(
        "unix sockets",
        why or "work",
        not why,
        False,
        "the embedded PostgreSQL cannot start: change data capture is skipped",
        "Set TMPDIR to a folder with a short path on a local disk.",
    )


def open_files(machine: Machine) -> Finding:
    """How many files may a process hold open?"""
    limit = machine.files()
    return Finding(
        "open files",
        "unlimited" if limit == resource.RLIM_INFINITY else f"{limit:,}",
        limit == resource.RLIM_INFINITY or limit >= 1024,
        False,
        "runs over many files, and Dask with many workers, end with 'Too many open files'",
        "Run `ulimit -n 4096` in this shell.",
    )


def clock(machine: Machine) -> Finding:
    """Is it later than the newest thing we know of?"""
    now, installed = machine.now(), machine.lock.stat().st_mtime if machine.lock.is_file() else 0.0
    return Finding(
        "clock",
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now)),
        installed - 86_400 <= now < 4_102_444_800,  # a day for zones set wrongly; the year 2100
        False,
        "certificates seem out of date, `make` builds everything again, the newest months seem to lie ahead",
        "Set the clock (timedatectl set-ntp true).",
    )


def cache(machine: Machine) -> Finding:
    """Is there a place for what should be made once and used often?"""
    said = machine.environment.get("XDG_CACHE_HOME") or Path(machine.environment.get("HOME", "~"), ".cache")
    folder = Path(said)
    writable = os.access(nearest(folder), os.W_OK | os.X_OK)
    return Finding(
        "cache folder",
        f"{folder}: {'writable' if writable else 'not writable'}",
        writable,
        False,
        "each engine's environment would be installed anew for every run",
        "Set XDG_CACHE_HOME to a folder of your own.",
    )


def time_zones(machine: Machine) -> Finding:
    """Are the rules of daylight saving known here?"""
    system = any(machine.root.joinpath(path.lstrip("/"), "America/New_York").is_file() for path in zoneinfo.TZPATH)
    packaged = "tzdata" in machine.packages()
    return Finding(
        "time zones",
        "system's" if system else "of the Python package tzdata only" if packaged else "none",
        system,
        False,
        "Arrow cannot convert local times: the lessons on daylight saving fail",
        "Debian: apt-get install tzdata.",
    )


QUESTIONS: tuple[Callable[[Machine], Finding], ...] = (
    python, environment, packages, loopback, disk, memory, cores, java, bubblewrap, chromium,
    unix_sockets, open_files, clock, cache, time_zones,
)  # fmt: skip


def _asked(question: Callable[[Machine], Finding], machine: Machine) -> Finding:
    try:
        return question(machine)
    except Exception as error:  # a machine odd enough to break a question still gets the other answers
        why = f"could not be examined ({type(error).__name__}: {error})"
        return Finding(question.__name__.replace("_", " "), why, False, False, "unknown", "Report this, with the line.")


def _refused(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
