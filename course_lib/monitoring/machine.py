"""What does this machine allow a program to use?

What the kernel counts is not what a program gets: containers and batch systems hold it in control groups, nested,
each with limits of its own. The tightest counts. Both versions of control groups are read (man 7 cgroups).
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from packaging.requirements import Requirement

MOST_WORKERS = 256  # what one scheduler serves well; a cluster of one's own has no such limit


@dataclass(frozen=True)
class Machine:
    """Everything that is asked of the world here and in `doctor`; tests hand in another one."""

    out: Path = Path()  # where runs will be written
    lock: Path = Path(__file__).parents[2] / "requirements.lock"
    root: Path = Path("/")  # of the file system that describes cgroups and time zones
    version: tuple[int, ...] = sys.version_info[:3]
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    prefixes: tuple[str, str] = (sys.prefix, sys.base_prefix)
    packages: Callable[[], dict[str, str]] = lambda: {
        plain(found.name): found.version for found in importlib.metadata.distributions()
    }
    which: Callable[[str], str | None] = shutil.which
    run: Callable[[Sequence[str]], tuple[int, str]] = lambda command: _run(command)
    memory: Callable[[], tuple[int, int]] = lambda: (psutil.virtual_memory().total, psutil.virtual_memory().available)
    cores: Callable[[], int] = lambda: len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    listen: Callable[[int, object], None] = lambda family, address: _listen(family, address)
    files: Callable[[], int] = lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    now: Callable[[], float] = time.time


def allowed_memory(machine: Machine) -> int:
    """Bytes that this process may take."""
    said = [path / "memory.max" for path in _groups(machine)]
    said += [path / "memory.limit_in_bytes" for path in _groups(machine, "memory")]
    return min([machine.memory()[0], *(int(text) for path in said if (text := _read(path)).isdecimal())])


def allowed_cores(machine: Machine) -> float:
    """Cores that this process may keep busy; a fraction where a quota says so."""
    said = [_read(path / "cpu.max").split() for path in _groups(machine)]
    said += [[_read(path / "cpu.cfs_quota_us"), _read(path / "cpu.cfs_period_us")] for path in _groups(machine, "cpu")]
    quotas = [pair for pair in said if len(pair) == 2 and all(text.isdecimal() for text in pair)]  # not "max", not -1
    return min([float(machine.cores()), *(int(quota) / int(period) for quota, period in quotas if int(period))])


def default_workers(machine: Machine) -> int:
    """How many worker processes keep the allowed cores busy: one a core, and no more than the memory has GiB.

    A worker takes up to 0.7 GiB: many cores with little memory would end in the kernel killing one after the other.
    """
    return max(1, min(math.ceil(allowed_cores(machine)), allowed_memory(machine) >> 30, MOST_WORKERS))


def plain(name: str) -> str:
    """The name under which a package is known whatever way it is written.

    >>> plain("Zope.Interface_ext")
    'zope-interface-ext'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> list[tuple[str, str]]:
    """Each package of a lock that this Python and system need, with its version."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*==[^\\\n]*", lock, flags=re.MULTILINE)
    asked = [Requirement(line.split(" #")[0].strip()) for line in lines]
    return [
        (plain(one.name), next(iter(one.specifier)).version)
        for one in asked
        if one.marker is None or one.marker.evaluate()
    ]


def nearest(folder: Path) -> Path:
    """`folder`, or the nearest folder above it that exists."""
    folder = folder.expanduser().absolute()
    return next(above for above in (folder, *folder.parents) if above.is_dir())


def _groups(machine: Machine, controller: str = "") -> list[Path]:
    """The control groups that hold this process, from the innermost out: of version 2, or of one old controller."""
    mount = machine.root / "sys/fs/cgroup" / controller
    inner = mount
    for line in _read(machine.root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inner = mount / path.lstrip("/")
    return [group for group in (inner, *inner.parents) if group == mount or mount in group.parents]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _run(command: Sequence[str]) -> tuple[int, str]:
    """Exit code and everything printed; 127 where there is no such program, 124 where it gave no answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} gave no answer in 20 s"
    except OSError as error:
        return 127, f"{command[0]}: {(error.strerror or str(error)).lower()}"
    return done.returncode, done.stdout + done.stderr


def _listen(family: int, address: object) -> None:
    """Start a service at `address`, reach it once, stop it."""
    with socket.socket(family) as service, socket.socket(family) as client:
        service.bind(address)  # type: ignore[arg-type]
        service.listen()
        client.settimeout(5)
        client.connect(service.getsockname())
