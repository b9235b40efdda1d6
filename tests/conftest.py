"""What all tests share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files, where it lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the real trip files are not here: put them in ../shared/data beside the checkout")
    return SHARED
