"""How often is a stream that died begun again?"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from course_lib.engines.registry import HERE

ASKED = dict.fromkeys(("bootstrap", "events", "windows", "late", "state"), "x") | {"until": "2024-03-10T23:00:00"}
KNOWN = "None.get: java.util.NoSuchElementException at scala.Option.get()"


class Died(Exception):
    """What a query died of."""


class Anything:
    """Spark without Spark: whatever is asked of it, it is itself; queries die in turn of what `deaths` says."""

    def __init__(self, deaths: list[str]):
        self.deaths, self.started = deaths, 0

    def __getattr__(self, name: str) -> Anything:
        return self

    def __call__(self, *asked: Any, **more: Any) -> Anything:
        return self

    __gt__ = __ge__ = __and__ = __neg__ = __sub__ = __call__

    def start(self) -> Anything:
        self.started += 1
        return self

    def awaitTermination(self, seconds: float) -> None:  # noqa: N802  # as Spark calls it
        if self.deaths:
            raise Died(self.deaths.pop(0))

    @property
    def recentProgress(self) -> list[dict[str, Any]]:  # noqa: N802
        mark = "" if self.deaths else "2024-03-11T00:00:00.000Z"
        return [{"batchId": 1, "stateOperators": [{"numRowsDroppedByWatermark": 2}], "eventTime": {"watermark": mark}}]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., ModuleType]:
    """The adapter on a Spark that is none: on(spark).stream(…)."""
    for name in ("ENGINE_JARS", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYSPARK_PYTHON", "")  # the adapter sets it: this has it taken back

    def made(spark: Anything) -> ModuleType:
        errors = SimpleNamespace(StreamingQueryException=Died)
        for name, fake in {"pyspark": spark, "pyspark.sql": spark, "pyspark.errors": errors, "tables": spark}.items():
            monkeypatch.setitem(sys.modules, name, fake)  # type: ignore[arg-type]
        spec = importlib.util.spec_from_file_location("adapter_of_spark", HERE / "spark" / "adapter.py")
        assert spec is not None
        assert spec.loader is not None
        adapter = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(adapter)
        return adapter

    return made


def test_a_query_that_dies_of_what_a_restart_mends_is_begun_again(on):
    spark = Anything([KNOWN])

    assert on(spark).stream(**ASKED) == {"late": 2}
    assert spark.started == 2


def test_one_that_goes_on_dying_is_given_up_and_says_so(on):
    spark = Anything([KNOWN] * 100)

    with pytest.raises(RuntimeError, match="died 4 times") as found:
        on(spark).stream(**ASKED)
    assert isinstance(found.value.__cause__, Died)
    assert spark.started == 4


def test_one_that_dies_of_anything_else_is_not_begun_again(on):
    spark = Anything(["no such topic"])

    with pytest.raises(Died, match="no such topic"):
        on(spark).stream(**ASKED)
    assert spark.started == 1
