"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.places import SHARED

# Examples are drawn from a fixed seed, so that a red test is red again; a busy machine is no failure.
settings.register_profile(
    "course", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("course")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files, where it lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the real trip files are not here: put them in ../shared/data beside the checkout")
    return SHARED
