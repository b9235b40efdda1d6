"""A learner gets what nbgrader would give, and nothing else."""

import json
import re
import shutil
from pathlib import Path

import pytest
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from course_lib.exercises.chapters import ROOT, chapter_names, load_chapter
from course_lib.exercises.notebook import leaks, render
from course_lib.exercises.release import card, card_text, read_card, release
from course_lib.exercises.source import HIDDEN, SCHEME, SOLUTION, Chapter, without
from tests.exercises.workshop import FIXTURE, NAME

EVERY = [(FIXTURE, NAME), *((ROOT, name) for name in chapter_names())]
every_chapter = pytest.mark.parametrize(("root", "name"), EVERY, ids=[name for _, name in EVERY])


def secrets(chapter: Chapter) -> set[str]:
    """The lines that stand in solutions, hidden tests and mark schemes, and nowhere that a learner may look."""
    hidden, shown = set(), set()
    for cell in chapter.cells:
        for part in (SOLUTION, HIDDEN, SCHEME):
            left = without(cell.text, part).split("\n")
            lines = cell.text.split("\n")
            hidden |= {line.strip() for line in lines} - {line.strip() for line in left}
        open_text = cell.text
        for part in (SOLUTION, HIDDEN, SCHEME):
            open_text = without(open_text, part)
        shown |= {line.strip() for line in open_text.split("\n")}
    hints = "\n".join(hint for exercise in chapter.exercises.values() for hint in exercise.hints)
    return {line for line in hidden - shown if len(line) >= 12 and line not in hints and not line.startswith("### ")}


@every_chapter
def test_a_release_is_what_nbgrader_generates(root: Path, name: str, tmp_path: Path):
    chapter = load_chapter(name, root)
    folder = tmp_path / "chapters" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(render(chapter, "source"), encoding="utf-8")
    for beside in ("exercises.toml", f"{name}.py"):
        shutil.copy(root / "chapters" / name / beside, folder)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.assignment_id = name
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True

    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()

    made = tmp_path / "build" / "release" / name
    theirs = json.loads((made / f"{name}.ipynb").read_text("utf-8"))
    ours = json.loads(release(chapter)[f"{name}.ipynb"])
    assert [path.name for path in made.rglob("*")] == [f"{name}.ipynb"], "only the notebook is released"
    assert len(ours["cells"]) == len(theirs["cells"])
    for mine, other in zip(ours["cells"], theirs["cells"], strict=True):
        assert mine == other
    assert ours == theirs


@every_chapter
def test_a_release_holds_no_line_of_an_answer_a_hidden_test_or_a_mark_scheme(root: Path, name: str):
    chapter = load_chapter(name, root)
    files = release(chapter)

    assert sorted(files) == sorted([f"{name}.ipynb", "card.json"])
    assert len(secrets(chapter)) > 3
    for file, text in files.items():
        assert leaks(text) == []
        told = _strings(json.loads(text))
        lines = {line.strip() for part in told for line in part.split("\n")}
        assert secrets(chapter) & lines == set(), f"{file} tells what it should not"


def test_the_search_for_secrets_finds_one():
    chapter = load_chapter(NAME, FIXTURE)

    assert "ordered = sorted(values)" not in secrets(chapter), "the third hint says it"
    assert {
        "kept = sorted(values)[cut : len(values) - cut]",
        'raise ValueError("no values have no middle")',
    } <= secrets(chapter)
    told = {line.strip() for part in _strings(json.loads(render(chapter, "source"))) for line in part.split("\n")}
    assert secrets(chapter) & told == secrets(chapter)


def test_a_card_tells_what_a_learner_may_know():
    told = card(load_chapter(NAME, FIXTURE))

    assert (told.title, told.about) == ("1. Practice", "A mean hides what a median shows.")
    assert [exercise.name for exercise in told.exercises] == ["middle", "trimmed", "which"]
    assert told.points == 50
    assert told.exercises[2].test is None
    assert len(told.alts) == 2


def test_a_card_is_read_as_it_was_written():
    told = card(load_chapter(NAME, FIXTURE))

    assert read_card(card_text(told)) == told


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"exercises": 3}', '{"name": "x", "exercises": [], "other": 1}'])
def test_what_is_no_card_is_refused(text: str):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_card(text)


def test_names_of_exercises_are_unique_over_all_chapters():
    names = [exercise for name in chapter_names() for exercise in load_chapter(name).exercises]

    assert sorted(names) == sorted(set(names))


def test_a_chapter_folder_holds_nothing_that_could_reach_a_release():
    known = re.compile(r"exercises\.toml|\d\d_\w+\.(py|ipynb)")
    strange = [
        path.name
        for name in chapter_names()
        for path in (ROOT / "chapters" / name).iterdir()
        if not known.fullmatch(path.name) and path.name not in ("__pycache__", ".ipynb_checkpoints")
    ]

    assert strange == []


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in _strings(part)]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else []
