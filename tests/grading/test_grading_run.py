"""A class is graded once, by what it can prove, and goes on where it was stopped."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.errors import BadArgument, RunFolderBusy
from course_lib.exercises.notebook import render
from course_lib.exercises.source import with_answers
from course_lib.grading import handed_in, sandbox
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook
from course_lib.grading.grading_run import Event, Options, alone, grade
from course_lib.grading.marks import marked
from course_lib.grading.verdict import read_verdict
from tests.exercises.workshop import FIXTURE, NAME, answer_of, practice
from tests.places import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not here; Debian: apt-get install bubblewrap"
)
CHAPTER = practice()
CODED = [name for name, exercise in CHAPTER.exercises.items() if not exercise.is_essay]
[ESSAY] = [name for name, exercise in CHAPTER.exercises.items() if exercise.is_essay]
OPTIONS = Options((NAME,), jobs=2, root=FIXTURE)


def hand_in(of: ClassFolder, learner: str, answers: dict[str, str]) -> Path:
    folder = of.submitted(learner, NAME)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.ipynb"
    path.write_text(render(with_answers(CHAPTER, answers), "release"))
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    return path


def a_class(folder: Path) -> ClassFolder:
    of = new_class(folder / "class")
    right = {name: answer_of(CHAPTER, name) for name in CODED}
    hand_in(of, "ada", right | {ESSAY: "because"})
    hand_in(of, "bob", {CODED[0]: right[CODED[0]], CODED[1]: "raise OSError('broken')"})
    hand_in(of, "eve", {}).write_text("no notebook")
    return of


def state(of: ClassFolder) -> dict[str, object]:
    """What a run leaves, times aside."""
    with open_gradebook(of) as gradebook:
        points = {
            (submission.student.id, one.name): (one.auto_score, one.manual_score, one.needs_manual_grade)
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks
            for one in notebook.grades
        }
        marks = marked(gradebook, NAME)
    found: dict[str, object] = {"points": points, "marks": marks}
    for path in sorted(of.root.rglob("*")):
        if path.is_file() and path.relative_to(of.root).parts[0] in ("verdicts", "autograded"):
            lines = path.read_text().split("\n")
            found[str(path.relative_to(of.root))] = [line for line in lines if '"seconds"' not in line]
    return found


def run(of: ClassFolder, **changes: object) -> list[Event]:
    events: list[Event] = []
    grade(of, Options(**{**vars(OPTIONS), **changes}), events.append)  # type: ignore[arg-type]
    return events


def kinds(events: list[Event]) -> list[str]:
    return sorted(event["event"] for event in events if event["event"] not in ("begin", "end"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> ClassFolder:
    of = a_class(tmp_path_factory.mktemp("graded"))
    assert kinds(run(of)) == ["graded"] * 3
    return of


def copied(of: ClassFolder, folder: Path) -> ClassFolder:
    return ClassFolder(Path(shutil.copytree(of.root, folder / "class", symlinks=True)))


def test_right_answers_have_their_points_and_prose_waits_for_a_person(graded: ClassFolder):
    points = state(graded)["points"]

    for name in CODED:
        assert points["ada", f"test-{name}"] == (CHAPTER.exercises[name].points, None, False)
    assert points["ada", ESSAY] == (None, None, True)


def test_a_wrong_answer_costs_its_own_points_alone(graded: ClassFolder):
    points = state(graded)["points"]

    assert points["bob", f"test-{CODED[0]}"][0] == CHAPTER.exercises[CODED[0]].points
    assert points["bob", f"test-{CODED[1]}"][0] == 0
    assert points["bob", ESSAY] == (0, None, False)  # as it was released: there is nothing to read


def test_a_file_that_cannot_be_read_is_a_verdict_in_words(graded: ClassFolder):
    verdict = read_verdict(graded.root, NAME, "eve")

    assert verdict is not None and verdict.points == 0
    assert verdict.exercises[0].message.startswith("The notebook cannot be read: the file is no notebook")


def test_everything_that_is_written_is_its_owners_alone(graded: ClassFolder):
    written = [path for path in graded.root.rglob("*") if path.relative_to(graded.root).parts[0] != "submitted"]

    assert {path.stat().st_mode & 0o077 for path in written} == {0}


def test_what_is_graded_is_kept(graded: ClassFolder, tmp_path):
    of = copied(graded, tmp_path)
    before = state(of)

    assert kinds(run(of)) == ["kept"] * 3
    assert state(of) == before


def test_a_new_file_a_lost_verdict_and_a_lost_entry_are_made_good(graded: ClassFolder, tmp_path):
    of = copied(graded, tmp_path)
    before = state(of)
    hand_in(of, "bob", {name: answer_of(CHAPTER, name) for name in CODED})
    (of.root / "verdicts" / NAME / "eve.json").unlink()
    with open_gradebook(of) as gradebook:
        from sqlalchemy import text

        gradebook.db.execute(text("DELETE FROM course_graded WHERE learner = 'ada'"))
        gradebook.find_grade(f"test-{CODED[0]}", NAME, NAME, "ada").auto_score = 0
        gradebook.db.commit()

    assert kinds(run(of)) == ["graded"] * 3
    after = state(of)
    assert after["points"]["bob", f"test-{CODED[1]}"][0] == CHAPTER.exercises[CODED[1]].points
    assert {key: value for key, value in after["points"].items() if key[0] != "bob"} == {
        key: value for key, value in before["points"].items() if key[0] != "bob"
    }


def test_points_given_by_hand_stay_and_a_new_file_asks_for_another_look(graded: ClassFolder, tmp_path):
    of = copied(graded, tmp_path)
    with open_gradebook(of) as gradebook:
        found = gradebook.find_grade(ESSAY, NAME, NAME, "ada")
        found.manual_score, found.needs_manual_grade = 3, False
        gradebook.db.commit()

    run(of, again=True, learners=("ada",), shut_in=False)
    assert state(of)["points"]["ada", ESSAY] == (None, 3, False)

    hand_in(of, "ada", {ESSAY: "for another reason"})
    run(of, learners=("ada",), shut_in=False)
    assert state(of)["points"]["ada", ESSAY] == (None, 3, True)


def test_what_a_killed_run_was_writing_is_removed(graded: ClassFolder):
    left = [graded.root / top / NAME / ".tmp-0-half" for top in ("verdicts", "autograded/eve")]
    for path in left:
        path.write_text("ha")

    with alone(graded):
        assert not any(path.exists() for path in left)


def test_two_runs_do_not_grade_one_class_at_once(graded: ClassFolder):
    with alone(graded), pytest.raises(RunFolderBusy, match="is being graded now"):
        run(graded)


def test_a_learner_who_handed_in_nothing_is_named(graded: ClassFolder):
    with pytest.raises(BadArgument, match="'zoë' handed in nothing"):
        run(graded, learners=("zoë",))


def test_without_bubblewrap_it_stops_and_says_what_to_install(graded: ClassFolder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(sandbox.NoSandbox, match="apt-get install bubblewrap") as caught:
        run(graded, again=True)
    assert caught.value.exit_code == 2


_DRIVER = """
import sys
from pathlib import Path
from course_lib.grading.class_folder import ClassFolder
from course_lib.grading.grading_run import Options, grade
from course_lib.grading.grading_shown import JsonLines
grade(ClassFolder(Path(sys.argv[1])), Options((sys.argv[3],), jobs=2, root=Path(sys.argv[2])), JsonLines())
"""


def killed_until_done(of: ClassFolder, kills: int, seed: int) -> int:
    """Grade a class in a process that is killed `kills` times at drawn moments; how often it was."""
    draw, killed = random.Random(seed), 0
    while True:
        process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, str(of.root), str(FIXTURE), NAME],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        events = [json.loads(process.stdout.readline())["event"]]
        if killed < kills:
            wanted = draw.randrange(3)  # how many it may grade first
            while events[-1] != "end" and events.count("graded") < wanted:
                events.append(json.loads(process.stdout.readline())["event"])
            time.sleep(draw.expovariate(1 / (0.05 if wanted else 2)))
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
        if process.returncode == 0:
            return killed


def torn(graded: ClassFolder, folder: Path, kills: int) -> None:
    whole = state(graded)
    done = 0
    for seed in range(1_000):
        if done >= kills:
            return
        of = a_class(folder / str(seed))
        of.secret.write_bytes(graded.secret.read_bytes())
        done += killed_until_done(of, min(3, kills - done), seed)
        assert state(of) == whole, f"after kills drawn from seed {seed}"
        assert not list(of.root.rglob(".tmp-*"))


@pytest.mark.full
def test_killed_and_started_again_it_ends_with_the_same_grades(graded: ClassFolder, tmp_path):
    torn(graded, tmp_path, kills=5)


@pytest.mark.torture
def test_killed_fifty_times_it_ends_with_the_same_grades(graded: ClassFolder, tmp_path):
    torn(graded, tmp_path, kills=50)


@pytest.mark.full
def test_nothing_of_killed_runs_is_left(graded: ClassFolder, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "course-grade-999999999-x" / "inner").mkdir(parents=True)

    with sandbox.scratch_folder() as folder:
        assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name]
    assert not list(tmp_path.iterdir())
    assert handed_in.learners(graded.root, NAME) == (["ada", "bob", "eve"], [])
