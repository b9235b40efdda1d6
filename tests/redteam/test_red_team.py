"""No attack gets a point it does not deserve, reads what is hidden, or harms what is not its own."""

import shutil
from collections.abc import Iterator

import pytest

from tests.redteam.arena import CHAPTER, Arena, arena, away
from tests.redteam.attacks import ATTACKS, Attack
from tests.redteam.page import PAGE, page
from tests.redteam.shown_pages import acting, acting_for_graders

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
)
QUICK = [attack for attack in ATTACKS if not attack.slow]
SLOW = [attack for attack in ATTACKS if attack.slow]
HOSTILE = ("script", "script_by_error")  # to browsers


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    made = arena(tmp_path_factory.mktemp("quick"), QUICK)
    made.grade()
    yield made
    away(made)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    made = arena(tmp_path_factory.mktemp("slow"), SLOW)
    made.grade()
    yield made
    away(made)


def _judged(made: Arena, attack: Attack) -> None:
    verdict = made.verdict(attack)
    assert verdict is not None, f"no verdict; the run said:\n{made.said[-2000:]}"
    found = {one.exercise: one for one in verdict.exercises}[attack.exercise]

    assert verdict.points == attack.deserved, found
    if attack.answer or not attack.deserved:
        assert found.ended in (*attack.ended, "slow"), found  # a busy machine lets any attack run out of its time
    if found.ended != "passed" and found.part == "hidden":
        assert found.message.startswith("The visible checks pass"), found
    if attack.says and found.ended != "slow":
        assert attack.says in found.message, found


def _unharmed(made: Arena) -> None:
    assert made.code == 0, made.said[-3000:]
    assert made.events[-1] | {"seconds": 0} == {
        "event": "end", "graded": len(made.attacks), "kept": 0, "failed": 0, "seconds": 0,
    }  # fmt: skip
    assert made.leaks() == []
    assert made.acting() == {}
    assert made.strangers() == []
    assert made.processes() == []
    assert made.calls() == 0


@pytest.mark.parametrize("attack", QUICK, ids=lambda attack: attack.name)
def test_an_attack_gets_what_it_deserves(quick: Arena, attack: Attack):
    _judged(quick, attack)


def test_attacks_leave_no_trace(quick: Arena):
    _unharmed(quick)


def test_what_a_learner_wrote_is_text_to_whoever_grades_it(quick: Arena):
    def seen(name: str) -> list[str]:
        return acting_for_graders(quick.root / "autograded" / name / CHAPTER / f"{CHAPTER}.ipynb")

    assert {name: seen(name) for name in HOSTILE} == dict.fromkeys(HOSTILE, seen("changed_points"))


def test_what_is_hostile_is_there_to_be_read(quick: Arena):
    pages = {name: (quick.root / "feedback" / name / CHAPTER / f"{CHAPTER}.html").read_text() for name in HOSTILE}

    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in pages["script"]
    assert "&lt;script&gt;fetch(" in pages["script"]
    assert "ValueError: &lt;script&gt;alert(6)&lt;/script&gt;" in pages["script_by_error"]


@pytest.mark.full
@pytest.mark.parametrize("attack", SLOW, ids=lambda attack: attack.name)
def test_a_heavy_attack_gets_what_it_deserves(slow: Arena, attack: Attack):
    _judged(slow, attack)


@pytest.mark.full
def test_heavy_attacks_leave_no_trace(slow: Arena):
    _unharmed(slow)


def test_the_search_for_what_acts_finds_it(quick: Arena):
    page = (quick.root / "feedback" / "script" / CHAPTER / f"{CHAPTER}.html").read_text()

    assert acting(page.replace("&lt;", "<").replace("&gt;", ">"))
    assert acting(page.replace("<main>", "<main onclick='x'><a href=' javascript:x'>"))
    assert acting(page.replace("'none'", "*"))


def test_the_page_is_what_these_tests_prove():
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.redteam.page"
