"""Every chapter runs from top to bottom: as written, as released, and as solved."""

import re
from pathlib import Path

import pytest

from tests.chapters.runs import Run, State, every_run, run
from tests.exercises.workshop import FIXTURE, NAME

PICTURE = "image/png"


def runs_to_the_end(done: Run) -> None:
    """No cell raised, nothing was said on stderr, and every picture tells what it shows."""
    assert [error for cell in done.cells for error in done.errors(cell)] == []
    assert done.stderr() == []
    for cell in done.cells:
        for output in cell.get("outputs", []):
            if PICTURE in output.get("data", {}):
                where = "".join(cell["source"])
                assert cell["metadata"].get("alt"), f"this cell shows a picture and has no alt: {where}"
                assert output["metadata"].get(PICTURE, {}).get("alt"), f"no style(), so no alt text: {where}"
                assert re.search(r'<img alt="[^"]', "".join(output["data"].get("text/html", "")))


def stops_in_words(done: Run) -> None:
    """Every test cell of a stub fails, and says so in words."""
    for name, exercise in done.chapter.exercises.items():
        if exercise.is_essay:
            continue
        [cell] = [cell for cell in done.cells if cell["id"] == f"test-{name}"]
        [(kind, message)] = done.errors(cell) or [("nothing", "")]
        assert kind in ("NotImplementedError", "AssertionError"), f"test-{name} raised {kind}: {message}"
        assert len(message.split()) > 3, f"test-{name} says too little: {message!r}"
    elsewhere = [cell for cell in done.cells if done.errors(cell) and not cell["id"].startswith("test-")]
    assert [cell["id"] for cell in elsewhere] == [], "only a test cell may stop on a stub"


def judged(root: Path, name: str, state: State, folder: Path, size: str, seed: int = 7) -> None:
    done = run(root, name, state, folder, size, seed)
    (stops_in_words if state == "stub" else runs_to_the_end)(done)


@every_run
@pytest.mark.parametrize("state", ["source", "stub", "solved"])
def test_a_chapter_runs_at_the_size_of_a_test(root: Path, name: str, state: State, tmp_path: Path):
    judged(root, name, state, tmp_path, "test")


def test_a_picture_has_the_words_of_its_cell(tmp_path: Path):
    done = run(FIXTURE, NAME, "solved", tmp_path)
    shown = [(cell["metadata"]["alt"], o["metadata"]) for cell in done.cells for o in cell.get("outputs", [])
             if PICTURE in o.get("data", {})]  # fmt: skip

    assert len(shown) == 2
    assert all(about[PICTURE]["alt"] == words for words, about in shown)


@pytest.mark.full
@every_run
@pytest.mark.parametrize("state", ["source", "stub", "solved"])
def test_a_chapter_runs_at_its_default_size(root: Path, name: str, state: State, tmp_path: Path):
    judged(root, name, state, tmp_path, "default")


@pytest.mark.full
@every_run
@pytest.mark.parametrize("state", ["source", "solved"])
def test_a_chapter_runs_with_another_seed(root: Path, name: str, state: State, tmp_path: Path):
    judged(root, name, state, tmp_path, "default", seed=20_240_229)


@pytest.mark.torture
@every_run
def test_a_chapter_runs_at_ten_times_its_size(root: Path, name: str, tmp_path: Path):
    judged(root, name, "source", tmp_path, "large")
