"""The commands of the workshop say what they did, and end with a code."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.exercises import chapters, workspace
from course_lib.exercises.workspace import copy_of, update
from tests.exercises.workshop import NAME, checkout

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, with its checkout in the place of ours."""
    root = checkout(tmp_path / "checkout")
    for function in (chapters.chapter_names, chapters.load_chapter, chapters.notebook_path, chapters.build):
        monkeypatch.setattr(
            function, "__defaults__", (*(function.__defaults__ or ())[:0], root, *(function.__defaults__ or ())[1:])
        )
    monkeypatch.setattr(workspace, "ROOT", root)
    monkeypatch.delenv("COURSE_WORKSPACE", raising=False)
    update(tmp_path / "workspace", root)
    return tmp_path / "workspace"


def notebook(folder: Path) -> Path:
    return folder.parent / "checkout" / "chapters" / NAME / f"{NAME}.ipynb"


def test_build_says_what_it_built(folder: Path):
    notebook(folder).unlink()

    assert RUN.invoke(app, ["build"]).stdout == f"{NAME}: built\n"
    assert RUN.invoke(app, ["build", "1"]).stdout == "Every notebook is what its source says.\n"


def test_build_check_writes_nothing_and_fails(folder: Path):
    notebook(folder).write_text("{}")
    done = RUN.invoke(app, ["build", "--check"])

    assert (done.exit_code, done.stdout) == (1, f"{NAME}: out of date: run `course build`\n")
    assert notebook(folder).read_text() == "{}"
    RUN.invoke(app, ["build"])
    assert RUN.invoke(app, ["build", "--check"]).exit_code == 0


def test_build_of_an_unknown_chapter_is_told(folder: Path):
    done = RUN.invoke(app, ["build", "9"])

    assert done.exit_code == 2
    assert f"there is no chapter '9'; there are {NAME}" in done.stderr


def test_build_tells_a_mistake_with_file_and_line(folder: Path):
    source = notebook(folder).with_suffix(".py")
    source.write_text(source.read_text().replace('tags="setup"', 'tags="set-up"'))
    done = RUN.invoke(app, ["build"])

    assert done.exit_code == 2
    assert f"error: chapters/{NAME}/{NAME}.py:14: 'set-up' is not a tag" in done.stderr


def test_reset_asks_first(folder: Path):
    copy_of(folder, NAME).write_text('{"cells": []}')
    no = RUN.invoke(app, ["reset", "1", "--workspace", str(folder)], input="n\n")

    assert (no.exit_code, copy_of(folder, NAME).read_text()) == (1, '{"cells": []}')
    yes = RUN.invoke(app, ["reset", "1", "--workspace", str(folder)], input="y\n")
    assert yes.exit_code == 0
    assert "begins anew. Your copy as it was:" in yes.stdout.replace("\n", " ").replace("  ", " ")
    assert "Practice" in copy_of(folder, NAME).read_text()


def test_progress_is_told_in_a_terminal(folder: Path):
    done = RUN.invoke(app, ["progress", "--workspace", str(folder)])

    assert "1. Practice  ░░░░░░░░░░  0 of 40 points" in done.stdout
    assert "Next: middle" in done.stdout


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_workspace_needs_a_folder_of_its_own(name: str):
    done = RUN.invoke(app, ["lab", "--no-browser", "--workspace", name])

    assert done.exit_code == 2
    assert "names no folder of its own" in done.stderr


def test_progress_of_nobody_says_how_to_begin(tmp_path: Path):
    done = RUN.invoke(app, ["progress", "--workspace", str(tmp_path / "none")])

    assert (done.exit_code, "make lab" in done.stdout) == (0, True)
    assert not (tmp_path / "none").exists()
