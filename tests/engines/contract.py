"""Which engines does a contract test run on, and where may it skip?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from course_lib.engines import environments
from course_lib.engines.proving import checks
from course_lib.engines.registry import HERE, Engine, engines, find, read

# On the reviewer's machine these run: an engine on this list that is not installed there fails instead of skipping.
MAY_NOT_SKIP = (
    "airflow", "beam", "dagster", "dask", "dbt", "delta", "feast", "flink", "hopsworks", "iceberg", "kafka", "parquet",
    "prefect", "spark", "tecton",
)  # fmt: skip


def is_quick(engine: Engine) -> bool:
    """Whether its contract is part of `make test`; the others are part of `make test-full`."""
    return engine.is_ready_made and not engine.slow


def of_kind(kind: str) -> list[Any]:
    """Every engine of a kind that does its job today, by name."""
    found = [engine for engine in engines() if kind in engine.kinds and engine.status in ("runs", "emulated")]
    return [
        pytest.param(engine.name, id=engine.name, marks=[] if is_quick(engine) else pytest.mark.full)
        for engine in found
    ]


def not_yet(kind: str) -> list[Any]:
    """The engines of a kind that cannot do their job yet, by name."""
    found = [engine.name for engine in engines() if kind in engine.kinds and engine.status == "notyet"]
    return found or [pytest.param("", marks=pytest.mark.skip(reason=f"every engine of kind {kind} does its job"))]


def contract(kind: str) -> list[Any]:
    """Every engine of a kind with every sentence of its contract."""
    return [
        pytest.param(*one.values, what, id=f"{one.id}: {what}", marks=one.marks)
        for one in of_kind(kind)
        for what in checks(kind)
    ]


def ready(name: str) -> Engine:
    """The engine, where it is installed; otherwise the test skips and says how to get it, or fails where it may not."""
    engine = find(name)
    if missing := environments.lacks(engine):
        if os.environ.get("CI") and name in MAY_NOT_SKIP:
            pytest.fail(f"{name} may not skip here: {missing}")
        pytest.skip(f"{engine.title}: {missing}")
    return engine


def broken_copy(name: str, folder: Path, *changes: tuple[str, str]) -> Engine:
    """A copy of an engine whose adapter says something else in places."""
    copy = folder / name
    shutil.copytree(HERE / name, copy)
    adapter = copy / "adapter.py"
    source = adapter.read_text("utf-8")
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the adapter of {name}"
        source = source.replace(old, new)
    adapter.write_text(source, "utf-8")
    return read(copy)
