"""What were the numbers measured on?

The kind of machine and the versions of the tools; nothing that names the machine, its user or its folders.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

TOOLS = ("duckdb", "polars", "pandas", "dask", "pyspark", "pyarrow", "numpy")


def describe(cores: int) -> dict[str, str]:
    """Facts about this machine, for people, of which a run may use `cores` cores."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": f"{cores} of {os.cpu_count()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": _field("/etc/os-release", "PRETTY_NAME") or platform.system(),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        **versions(),
    }


def versions() -> dict[str, str]:
    """The versions of those peers' tools that are installed here."""
    found = {}
    for tool in TOOLS:
        try:
            found[tool] = importlib.metadata.version(tool)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def load() -> float:
    """How many programs wanted a core over the last minute: near 0 before a run that is to be trusted."""
    return os.getloadavg()[0]


def _field(path: str, name: str) -> str:
    """The value of the first line `name : value` or `name=value` of a file; empty when there is none."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        for sign in (":", "="):
            key, found, value = line.partition(sign)
            if found and key.strip() == name:
                return value.strip().strip('"')
    return ""
