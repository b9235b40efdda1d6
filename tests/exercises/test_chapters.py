"""Chapters are found by number or name, and notebooks follow their sources."""

from pathlib import Path

import pytest

from course_lib.errors import BadArgument
from course_lib.exercises.chapters import build, chapter_names, load_chapter, notebook_path
from tests.exercises.workshop import NAME, checkout


@pytest.mark.parametrize("name", ["1", "01", "01_pr", NAME])
def test_a_chapter_is_found_by_number_or_beginning(tmp_path: Path, name: str):
    assert load_chapter(name, checkout(tmp_path)).name == NAME


@pytest.mark.parametrize("name", ["2", "practice", "x", "010"])
def test_an_unknown_chapter_is_told_what_there_is(tmp_path: Path, name: str):
    with pytest.raises(BadArgument, match=f"there is no chapter {name!r}; there are {NAME}"):
        load_chapter(name, checkout(tmp_path))


def test_a_build_says_what_differed(tmp_path: Path):
    root = checkout(tmp_path)
    notebook_path(NAME, root).write_text("{}")

    assert build([], root, check=True) == [NAME]
    assert notebook_path(NAME, root).read_text() == "{}"
    assert build([], root) == [NAME]
    assert build([], root) == []


def test_a_number_builds_its_chapter(tmp_path: Path):
    root = checkout(tmp_path)
    notebook_path(NAME, root).unlink()

    assert build(["1"], root) == [NAME]
    assert notebook_path(NAME, root).exists()


def test_a_folder_without_chapters_has_none(tmp_path: Path):
    assert chapter_names(tmp_path) == []
    assert build([], tmp_path) == []
