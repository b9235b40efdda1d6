"""What the tests of the feature store share: one store, built once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from course_lib.features import feast
from tests.features.feature_cases import Trip, some_trips, tables_of


@pytest.fixture(scope="session")
def trips() -> list[Trip]:
    return some_trips(300)


@pytest.fixture(scope="session")
def tables(trips: list[Trip]) -> dict[str, pa.Table]:
    return tables_of(trips)


@pytest.fixture(scope="session")
def store(tables: dict[str, pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A store over all trips, not materialised."""
    folder: Path = tmp_path_factory.mktemp("store")
    made = feast.build_store(folder, **tables)
    yield made
    feast.close(made)
