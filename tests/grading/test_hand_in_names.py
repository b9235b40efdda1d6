"""A file belongs to whom the platform says, and to nobody where that is not certain."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.hand_in_names import Roster, clue, unwrapped
from course_lib.grading.roster_file import Learner

CHAPTER = "01_introduction"
ROSTER = Roster(
    [
        Learner("ana", "Ana", "García", "ana.garcia@example.org", "4711"),
        Learner("s-17", "José", "Pérez Ruiz", "jose@example.org", "4712"),
        Learner("张三", "三", "张"),
        Learner("kim1", "Kim", "Lee"),
        Learner("kim2", "Kim", "Lee"),
    ]
)


def owner(path: str) -> str:
    return ROSTER.owner(clue(tuple(path.split("/")), [CHAPTER])).learner


@pytest.mark.parametrize(
    ("path", "learner"),
    [
        pytest.param("Ana García_123456_assignsubmission_file_/01_introduction.ipynb", "ana", id="Moodle"),
        pytest.param("García, Ana_123456_assignsubmission_file_/x.ipynb", "ana", id="Moodle, last name first"),
        pytest.param("Jose\u0301 PÉREZ ruiz_1_assignsubmission_file_x.ipynb", "s-17", id="Moodle, flat, composed"),
        pytest.param("Participant 4712_4712_assignsubmission_file_/a.ipynb", "s-17", id="Moodle, without names"),
        pytest.param("garciaana_LATE_4711_90210_01_introduction.ipynb", "ana", id="Canvas"),
        pytest.param("perezruizjose_4712_90210_work-2.ipynb", "s-17", id="Canvas, by its number"),
        pytest.param("Week 1_ana_attempt_2026-11-30-21-15-00_work.ipynb", "ana", id="Blackboard"),
        pytest.param(
            f"ana+{CHAPTER}+2026-11-30 21:15:00.123456 UTC+x7/{CHAPTER}.ipynb", "ana", id="nbgrader's exchange"
        ),
        pytest.param(f"ana/{CHAPTER}/{CHAPTER}.ipynb", "ana", id="nbgrader's folders"),
        pytest.param(f"{CHAPTER}/ana/work.ipynb", "ana", id="a folder for each chapter"),
        pytest.param("ANA/whatever I call it.ipynb", "ana", id="a folder"),
        pytest.param("ana.garcia@example.org/x.ipynb", "ana", id="an address"),
        pytest.param("jose/x.ipynb", "s-17", id="an address without its host"),
        pytest.param("张三.ipynb", "张三", id="a file"),
        pytest.param(f"张三_{CHAPTER}.ipynb", "张三", id="a file with the chapter's name"),
        pytest.param(f"{CHAPTER}-ana.ipynb", "ana", id="the chapter first"),
    ],
)
def test_the_names_that_platforms_give(path: str, learner: str):
    assert owner(path) == learner


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("mallory/ana.ipynb", id="inside a folder its owner chose the name"),
        pytest.param("mallory/ana/01_introduction.ipynb", id="deeper too"),
        pytest.param("Kim Lee_5_assignsubmission_file_/x.ipynb", id="two learners have this name"),
        pytest.param(f"{CHAPTER}.ipynb", id="a file that is called like the chapter"),
        pytest.param("José_1_assignsubmission_file_/x.ipynb", id="half a name"),
        pytest.param("___.ipynb", id="no letter"),
    ],
)
def test_what_is_not_certain_is_nobodys(path: str):
    assert owner(path) == ""


def test_a_name_that_two_have_is_said_to_be_theirs():
    told = ROSTER.owner(clue(("Kim Lee_5_assignsubmission_file_", "x.ipynb"), [CHAPTER]))

    assert told.why == "'Kim Lee' may be any of kim1, kim2"


def test_times_in_names():
    there = clue((f"ana+{CHAPTER}+2026-11-30 21:15:00 UTC", "x.ipynb"), [CHAPTER])
    local = clue(("W_ana_attempt_2026-11-30-21-15-00_x.ipynb",), [CHAPTER])
    broken = clue(("W_ana_attempt_2026-13-30-21-15-00_x.ipynb",), [CHAPTER])

    assert there.at == datetime(2026, 11, 30, 21, 15, tzinfo=UTC)
    assert local.at == datetime(2026, 11, 30, 21, 15)  # in the class's zone
    assert broken.at is None


@pytest.mark.parametrize(
    ("paths", "depth"),
    [
        (["export/ana/x.ipynb", "export/kim1/x.ipynb"], 1),
        (["a/submitted/ana/01_introduction/x.ipynb", "a/submitted/kim1/01_introduction/x.ipynb"], 2),
        (["ana/x.ipynb"], 0),
        (["ana/a.ipynb", "ana/b.ipynb"], 0),
        (["export/ana.ipynb", "export/kim1.ipynb"], 1),
        (["mallory/ana.ipynb"], 0),
        (["mallory/ana.ipynb", "mallory/other.ipynb"], 0),
        (["Q Q_1_assignsubmission_file_/ana.ipynb"], 0),
        (["ana.ipynb", "kim1.ipynb"], 0),
        ([], 0),
    ],
)
def test_what_wraps_all_is_nobodys(paths: list[str], depth: int):
    assert unwrapped([tuple(path.split("/")) for path in paths], ROSTER, [CHAPTER]) == depth


@given(st.lists(st.text(min_size=1, max_size=12).filter(lambda text: "/" not in text), min_size=1, max_size=4))
def test_any_name_has_an_answer(parts: list[str]):
    told = ROSTER.owner(clue(tuple(parts), [CHAPTER]))

    assert bool(told.learner) != bool(told.why)
