"""An instructor's evening: see the class, read prose with its mark scheme, give points, look at the feedback."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.exercises.chapters import load_chapter
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook
from course_lib.grading.class_release import release_chapter
from course_lib.grading.class_roster import update_roster
from course_lib.grading.verdict import HIDDEN_WORDS, ExerciseVerdict, Verdict
from tests.browser.servers import Server, serving
from tests.grading.classroom import TABLE, graded, submission

pytestmark = pytest.mark.full

CHAPTER = load_chapter("1")
NAME, ESSAY = CHAPTER.name, "batch_or_stream"
PROSE = """Five **minutes** are fresh enough.

<script>document.title = "taken over"</script>
<img src="x" onerror="document.title = 'taken over'">
[a link](javascript:document.title='taken_over')"""


@pytest.fixture
def of(tmp_path: Path) -> ClassFolder:
    """Chapter 1, handed in by two of three."""
    made = new_class(tmp_path / "class", "Data pipelines, autumn")
    rules = made.root / "class.toml"
    rules.write_text(rules.read_text("utf-8") + f"\n[chapters.{NAME}]\ndeadline = 2026-11-30T21:00:00+01:00\n", "utf-8")
    (tmp_path / "people.csv").write_text(TABLE, encoding="utf-8")
    update_roster(made, tmp_path / "people.csv")
    release_chapter(made, NAME)
    for learner, failing in (("ana", "run_order"), ("bob", "little")):
        text = submission(CHAPTER, **dict.fromkeys(CHAPTER.exercises, "right") | {ESSAY: PROSE})
        exercises = tuple(_found(key, one.points, key == failing) for key, one in CHAPTER.exercises.items())
        digest = hashlib.sha256(text.encode()).hexdigest()
        at = "2026-12-01 12:00:00" if learner == "bob" else "2026-11-30 19:00:00"
        graded(made, Verdict(learner, NAME, digest, "tests", (), exercises, 1.0), text, at, CHAPTER)
    return made


def _found(name: str, points: int, fails: bool) -> ExerciseVerdict:
    if name == ESSAY:
        return ExerciseVerdict(name, 0, points, "hand")
    if fails:
        hint = CHAPTER.exercises[name].hints[0]
        return ExerciseVerdict(name, 0, points, "failed", "hidden", "hidden 2 of 4", HIDDEN_WORDS["failed"], hint)
    return ExerciseVerdict(name, points, points, "passed")


def test_an_instructor_grades_an_answer_by_hand(
    of: ClassFolder, page: Any, picture: Callable[..., Path], tmp_path: Path
):
    command = ["-m", "course_lib.cli", "formgrader", "--no-browser"]
    with serving(command, of.root, tmp_path / "home") as formgrader:
        assert formgrader.listening() == {"127.0.0.1"}
        closed_without_a_token(formgrader)

        page.goto(formgrader.url("/formgrader/manage_assignments"))
        page.get_by_text("2026-11-30 20:00:00 UTC").wait_for()
        picture(page, "instructor-1-assignments")
        page.goto(f"{formgrader.address}/formgrader/manage_submissions/{NAME}")
        page.get_by_text("Lee, Jr., Bob").wait_for()
        assert page.get_by_text("needs manual grading").count() == 2
        picture(page, "instructor-2-class")

        page.locator("td.autograde a, td.autograde button, .autograde .glyphicon").first.click()
        page.get_by_text(f"course grade {NAME}").first.wait_for()
        picture(page, "instructor-3-autograde-says-what-to-do")

        page.goto(f"{formgrader.address}/formgrader/gradebook/{NAME}/{NAME}")
        page.locator("td.name a").first.click()
        page.get_by_text("Mark scheme").wait_for()
        page.get_by_text("Mark scheme").scroll_into_view_if_needed()
        points, comment = page.locator(f"#{ESSAY}"), page.locator(f"#{ESSAY}-comment")
        points.fill("4")
        points.press("Tab")
        comment.fill("Good: freshness is tied to the decision.\nWhat becomes of the trip reported at 18:20?")
        with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
            comment.press("Tab")
        page.get_by_text("Mark scheme").scroll_into_view_if_needed()
        picture(page, "instructor-4-hand-graded")
        assert page.title() == NAME, "what a learner wrote does not act"
        assert page.locator("a[href^='javascript']").count() == 0
        assert page.errors == []
        assert page.strangers == [], "nothing is fetched from elsewhere"
    points_are_kept(of, page, picture)


def closed_without_a_token(server: Server) -> None:
    """Neither pages nor points nor files are shown to whom does not know the token."""
    for path in ("/formgrader/manage_assignments", "/formgrader/api/students", "/files/gradebook.db", "/files/secret"):
        answer = httpx.get(server.address + path, timeout=60)
        assert answer.status_code in (302, 403), path
        assert "login" in answer.headers.get("location", "login")


def points_are_kept(of: ClassFolder, page: Any, picture: Callable[..., Path]) -> None:
    """What was given by hand is in the gradebook, in the feedback and in the table of grades."""
    with open_gradebook(of) as gradebook:
        given = {learner: gradebook.find_grade(ESSAY, NAME, NAME, learner).manual_score for learner in ("ana", "bob")}
    assert sorted(given.values(), key=str) == [4, None]
    [learner] = [name for name, points in given.items() if points]
    run = CliRunner()
    assert run.invoke(app, ["feedback", "1", "--class", str(of.root)]).exit_code == 0
    page.goto(of.feedback(learner, NAME).as_uri())
    page.get_by_text("What becomes of the trip reported at 18:20?").wait_for()
    assert page.get_by_text("4 of 5 points").count() == 1
    picture(page, "instructor-5-feedback", full_page=True)
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    picture(page, "instructor-6-feedback-phone-dark", full_page=True)
    page.set_viewport_size({"width": 1120, "height": 900})
    page.emulate_media(color_scheme="light")
    assert run.invoke(app, ["statistics", "1", "--class", str(of.root)]).exit_code == 0
    page.goto(of.statistics(NAME).as_uri())
    picture(page, "instructor-7-statistics", full_page=True)
    table = run.invoke(app, ["grades", "1", "--csv", "--class", str(of.root)]).stdout
    assert "batch_or_stream (of 5)" in table
    assert page.errors == []
