"""Feedback tells a learner what failed, what a person wrote, and nothing that is hidden or another's."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from course_lib.errors import BadArgument
from course_lib.exercises.release import card
from course_lib.exercises.source import HIDDEN, SCHEME, SOLUTION, without
from course_lib.grading.class_deadlines import grant, parse_time
from course_lib.grading.class_feedback import feedback_zip, write_feedback
from course_lib.grading.class_folder import ClassFolder, open_gradebook
from course_lib.grading.feedback_page import answers_of
from course_lib.grading.verdict import HIDDEN_WORDS
from tests.exercises.workshop import NAME, practice
from tests.grading.classroom import failed, graded, hand_in, modes, submission, verdict

CHAPTER = practice()
ESSAY = "The median.\n\n<script>alert(1)</script> & more"


def written(of: ClassFolder, learner: str) -> str:
    write_feedback(of, CHAPTER)
    return of.feedback(learner, NAME).read_text("utf-8")


def told(of: ClassFolder, learner: str) -> str:
    """What stands on the page, as one line of text."""
    return " ".join(BeautifulSoup(written(of, learner), "html.parser").body.get_text(" ").split())


def test_the_page_names_the_check_its_message_and_the_hint(of: ClassFolder):
    graded(of, verdict("ana", failed("middle")), submission(middle="def middle(values): ...", which=ESSAY))

    text = told(of, "ana")

    assert "Feedback for Ana García 1. Practice 20 of 50 points" in text
    assert "A check does not hold: visible 1 of 3 the middle is 2; yours is 3 A hint Sort a copy." in text
    assert "def middle(values): ..." in text
    assert "10 points wait for a person" in text


def test_what_a_person_gave_and_wrote_is_shown(of: ClassFolder):
    graded(of, verdict("ana", failed("middle")), submission(middle="def middle(values): ...", which=ESSAY))
    with open_gradebook(of) as gradebook:
        gradebook.find_grade("which", NAME, NAME, "ana").manual_score = 7.5
        gradebook.find_grade("test-middle", NAME, NAME, "ana").manual_score = 12
        for name, said in (("which", "Why the *median*?"), ("middle", "Nearly <right>.")):
            gradebook.find_comment(name, NAME, NAME, "ana").manual_comment = said
        for grade in gradebook.find_submission_notebook(NAME, NAME, "ana").grades:
            grade.needs_manual_grade = False
        gradebook.db.commit()

    text = told(of, "ana")

    assert "39.5 of 50 points" in text
    assert "7.5 of 10 points ✎ Read by a person A person wrote Why the *median*?" in text
    assert "A check does not hold; the points are a person's: visible 1 of 3" in text
    assert "A person wrote Nearly <right>." in text
    assert "wait for a person" not in text


def test_nothing_hidden_is_on_any_page(of: ClassFolder):
    hidden = failed("middle", "hidden 1 of 2", HIDDEN_WORDS["failed"])
    graded(of, verdict("ana", hidden), submission(middle="right", which=ESSAY))

    page = written(of, "ana")

    own = card(CHAPTER)
    shown = {line.strip() for one in own.exercises for line in f"{one.stub}\n{one.test}".split("\n")}
    for cell in CHAPTER.cells:
        for part in (HIDDEN, SCHEME) if cell.name == "middle" else (HIDDEN, SCHEME, SOLUTION):
            left = without(cell.text, part)
            for line in set(cell.text.split("\n")) - set(left.split("\n")):
                if len(line.strip()) > 11 and line.strip() not in shown:
                    assert line.strip() not in page
    assert "A check does not hold: hidden 1 of 2" in told(of, "ana")


def test_a_page_is_one_file_without_a_script(of: ClassFolder):
    graded(of, verdict("ana"), submission(which=ESSAY))
    page = BeautifulSoup(written(of, "ana"), "html.parser")

    assert page.find_all(["script", "link", "img", "iframe"]) == []
    assert "default-src 'none'" in page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "<script>alert(1)</script> & more" in page.get_text()
    assert not re.search(r"url\(|https?://", str(page))
    assert page.html["lang"] == "en"


def test_nobody_reads_anothers_work(of: ClassFolder):
    graded(of, verdict("ana"), submission(which="the words of ana"))
    graded(of, verdict("bob", failed("middle")), submission(which="the words of bob"))
    (of.submitted("张三", NAME)).mkdir(parents=True)
    (of.submitted("张三", NAME) / f"{NAME}.ipynb").symlink_to(of.submitted("ana", NAME) / f"{NAME}.ipynb")
    other = verdict("张三")
    from course_lib.grading.verdict import write_verdict

    write_verdict(of.root, other)

    pages = {name: written(of, name) for name in ("ana", "bob", "张三")}

    assert "the words of ana" in pages["ana"]
    assert "the words of ana" not in pages["bob"] + pages["张三"]
    assert "the words of bob" not in pages["ana"] + pages["张三"]
    assert set(modes(of.root / "feedback").values()) == {"0o700", "0o600"}


def test_lateness_is_explained(of: ClassFolder):
    rules = of.root / "class.toml"
    rules.write_text(rules.read_text("utf-8") + f"\n[chapters.{NAME}]\ndeadline = 2026-11-30T21:00:00+01:00\n", "utf-8")
    graded(of, verdict("ana"), submission(), "2026-12-01 21:00:00")
    assert "36 of 50" not in told(of, "ana")
    assert "32 of 50 points Handed in 2026-12-01 22:00 UTC+01:00 Late, day 2 after the deadline: 8 points" in told(
        of, "ana"
    )

    grant(of, "ana", NAME, parse_time("2026-12-01T21:50:00+01:00"))

    assert "40 of 50 points" in told(of, "ana")
    assert "Late, within the grace: nothing is taken off" in told(of, "ana")


def test_an_answer_that_was_not_begun_is_said_to_be_none(of: ClassFolder):
    graded(of, verdict("ana", failed("middle", message="middle: write your answer here")), submission())

    text = told(of, "ana")

    assert "0 of 20 points ○ Not answered A hint Sort a copy." in text
    assert "middle: write your answer here" not in text


def test_pages_that_would_not_change_stay(of: ClassFolder):
    graded(of, verdict("ana"), submission())
    graded(of, verdict("bob"), submission())
    assert sorted(write_feedback(of, CHAPTER).new) == ["ana", "bob"]
    graded(of, verdict("bob", failed("middle")), submission(middle="def middle(values): return 3"))

    again = write_feedback(of, CHAPTER)

    assert (again.new, again.same, again.waiting) == (["bob"], ["ana"], ["ana", "bob"])


def test_all_pages_in_a_zip(of: ClassFolder, tmp_path: Path):
    graded(of, verdict("张三"), submission())
    write_feedback(of, CHAPTER)

    with zipfile.ZipFile(feedback_zip(of, NAME)) as archive:
        assert archive.namelist() == [f"张三/{NAME}.html"]


def test_before_grading_there_is_nothing_to_write(of: ClassFolder):
    with pytest.raises(BadArgument, match="course grade"):
        write_feedback(of, CHAPTER)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [3, {"id": ["x"]}]}', "[" * 100_000])
def test_a_broken_notebook_has_no_answers(text: str):
    assert answers_of(text, card(CHAPTER)) == {}


@pytest.mark.parametrize("source", ["7", "null", "true", '{"a": "b"}', '[7, ["x"], null]'])
def test_an_answer_that_is_no_text_is_none(source: str):
    assert answers_of(f'{{"cells": [{{"id": "middle", "source": {source}}}]}}', card(CHAPTER)) == {"middle": ""}


def test_the_answer_shown_is_the_one_that_was_graded(of: ClassFolder):
    text = submission(middle="right", which="a < b, <b>and</b> why")
    twice = json.loads(text)
    [cell] = [cell for cell in twice["cells"] if cell["id"] == "middle"]
    twice["cells"].insert(0, {**cell, "source": "an earlier try"})
    graded(of, verdict("ana"), text)
    hand_in(of, "ana", json.dumps(twice))  # what was graded is what repair.py made of it

    page = BeautifulSoup(written(of, "ana"), "html.parser").get_text()

    assert "an earlier try" not in page
    assert "a < b, <b>and</b> why" in page


def test_an_answer_is_found_by_its_grade_id_too():
    text = '{"cells": [{"metadata": {"nbgrader": {"grade_id": "middle"}}, "source": ["a", "b"]}]}'

    assert answers_of(text, card(CHAPTER)) == {"middle": "ab"}
