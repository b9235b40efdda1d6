"""The attacks are attacks: on stock nbgrader they do what the page says."""

import shutil

import pytest

from tests.redteam.attacks import ATTACKS
from tests.redteam.plain import outcomes
from tests.redteam.plain_found import RESULTS, Outcome, known, written

TELLING = (  # one or two of every outcome; `python -m tests.redteam.plain` tries all of them
    "input_transformer", "always_equal", "gradebook", "history", "read_outside", "daemon", "segfault", "test_twice",
    "changed_tests",
)  # fmt: skip


def test_every_attack_was_tried_on_stock_nbgrader():
    assert list(known()) == [attack.name for attack in ATTACKS], "run: python -m tests.redteam.plain"


def test_what_was_found_is_read_as_it_was_written():
    assert written(known()) == RESULTS.read_text("utf-8")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    attacks = [attack for attack in ATTACKS if attack.name in TELLING]
    return {attack.name: one for attack, one in outcomes(tmp_path_factory.mktemp("plain"), attacks)}


@pytest.mark.full
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap")
@pytest.mark.parametrize("name", TELLING)
def test_stock_nbgrader_does_what_the_page_says(found: dict[str, Outcome], name: str):
    assert found[name] == known()[name]
