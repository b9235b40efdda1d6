"""The attacks are attacks: on stock nbgrader they do what the page says."""

import shutil
from pathlib import Path

import pytest

from tests.redteam.attacks import ATTACKS, Attack
from tests.redteam.plain import outcomes

TRIED = [attack for attack in ATTACKS if attack.plain]
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
    ),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home: Path = tmp_path_factory.mktemp("plain")
    return outcomes(home, TRIED)


@pytest.mark.parametrize("attack", TRIED, ids=lambda attack: attack.name)
def test_stock_nbgrader_does_what_the_page_says(found: dict[str, str], attack: Attack):
    assert found[attack.name] == attack.plain
