"""A release is nbgrader's, in the class's own folder, and can be solved from its zip."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_lib.errors import StepFailed
from course_lib.exercises.notebook import leaks
from course_lib.exercises.release import release
from course_lib.grading.class_folder import ClassFolder, open_gradebook
from course_lib.grading.class_release import release_chapter, release_zip
from tests.exercises.workshop import FIXTURE, NAME, answer_of, practice
from tests.grading.classroom import graded, modes, submission, verdict


def test_the_notebook_is_the_release_and_nothing_lies_beside_it(of: ClassFolder):
    [notebook] = of.release(NAME).iterdir()

    assert json.loads(notebook.read_text("utf-8")) == json.loads(release(practice())[f"{NAME}.ipynb"])
    assert set(modes(of.root).values()) <= {"0o700", "0o600"}


def test_the_gradebook_knows_points_and_cells_as_nbgrader_writes_them(of: ClassFolder):
    with open_gradebook(of) as gradebook:
        notebook = gradebook.find_notebook(NAME, NAME)
        points = {cell.name: (cell.max_score, cell.cell_type) for cell in notebook.grade_cells}
        answers = {cell.name for cell in notebook.solution_cells}
        sources = {cell.name: cell for cell in notebook.source_cells}
        assert gradebook.find_assignment(NAME).max_score == practice().points

    assert points == {"test-middle": (20, "code"), "test-trimmed": (20, "code"), "which": (10, "markdown")}
    assert answers == {"middle", "trimmed", "which"}
    assert sources["test-middle"].locked
    assert "setup-1" in sources


def test_grading_leaves_the_cells_as_nbgrader_wrote_them(of: ClassFolder):
    def cells() -> dict[str, tuple[object, ...]]:
        with open_gradebook(of) as gradebook:
            found = gradebook.find_notebook(NAME, NAME).source_cells
            return {one.name: (one.cell_type, one.locked, one.source, one.checksum) for one in found}

    released = cells()
    graded(of, verdict("ana"), submission())
    assert cells() == released

    of.gradebook.unlink()  # and a class that never released the chapter has the same
    graded(of, verdict("ana"), submission())
    assert cells() == released


def test_a_release_again_changes_nothing_that_is_graded(of: ClassFolder):
    graded(of, verdict("ana"), submission())

    release_chapter(of, NAME, FIXTURE)

    with open_gradebook(of) as gradebook:
        assert gradebook.find_submission(NAME, "ana").score == 40


def test_a_release_that_nbgrader_refuses_leaves_the_one_before(of: ClassFolder, tmp_path: Path):
    graded(of, verdict("ana"), submission())
    before = (of.release(NAME) / f"{NAME}.ipynb").read_bytes()
    source = tmp_path / "other" / "chapters" / NAME
    source.mkdir(parents=True)
    for name in (f"{NAME}.py", "exercises.toml"):
        text = (FIXTURE / "chapters" / NAME / name).read_text("utf-8")
        (source / name).write_text(text.replace('"trimmed"', '"cut"').replace("[trimmed]", "[cut]"), "utf-8")

    with pytest.raises(StepFailed, match="nbgrader refuses"):
        release_chapter(of, NAME, tmp_path / "other")

    assert (of.release(NAME) / f"{NAME}.ipynb").read_bytes() == before
    assert not list(of.root.rglob(".tmp-*"))


def test_the_zip_holds_no_answer_and_is_the_same_each_time(of: ClassFolder):
    packed = release_zip(of, NAME, FIXTURE)
    first = packed.read_bytes()

    assert release_zip(of, NAME, FIXTURE).read_bytes() == first
    assert modes(packed.parent)[packed.name] == "0o600"
    with zipfile.ZipFile(packed) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sorted(name.removeprefix("data_pipelines/") for name in texts) == sorted([
        "README.txt", f"{NAME}/{NAME}.ipynb", f".course/release/{NAME}/{NAME}.ipynb",
        f".course/release/{NAME}/card.json",
    ])  # fmt: skip
    assert all(leaks(text) == [] and 'no values have no middle")\n    ordered' not in text for text in texts.values())


def test_a_chapter_is_solved_from_its_zip_alone(of: ClassFolder, tmp_path: Path):
    with zipfile.ZipFile(release_zip(of, NAME, FIXTURE)) as archive:
        archive.extractall(tmp_path / "home")
    here = tmp_path / "home" / "data_pipelines" / NAME
    code = f"""
from course_lib.exercises import check, hint, progress
assert not check("middle")
print(hint("middle"))
{answer_of(practice(), "middle")}
assert check("middle")
print(progress())
"""

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=120, check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("COURSE_")},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "middle: hint 1 of 3" in done.stdout
    assert "20 of 40 points" in done.stdout
