"""What engines are given in the tests."""

from pathlib import Path

import pytest

from course_lib.engines import compute, inputs
from course_lib.engines.inputs import Given

GREEN = "green_tripdata_2020-10"


@pytest.fixture(autouse=True)
def _cache_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines are where the user has them; a test that needs a cache of its own sets COURSE_CACHE."""
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Given]:
    """A few trips, the edges, and nothing."""
    return compute.small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def trips_200k(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """200,000 generated trips with defects."""
    return inputs.generated(tmp_path_factory.mktemp("many"), 200_000)


@pytest.fixture(scope="session")
def green_trips(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Given:
    """The real green file of October 2020."""
    found = sorted(shared_data.rglob(f"{GREEN}*"))
    if not found:
        pytest.skip(f"{GREEN} is not in {shared_data}")
    return inputs.from_files(found[:1], tmp_path_factory.mktemp("green"))
