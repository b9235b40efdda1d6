"""Whatever lies in the folder of submissions, reading it harms nobody and says what is wrong."""

import os
from pathlib import Path

import pytest

from course_lib.grading import handed_in
from course_lib.grading.handed_in import learners, read

CHAPTER = "01_x"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted" / "ada" / CHAPTER
    folder.mkdir(parents=True)
    return folder


def test_a_notebook_is_read_with_its_time(tmp_path, place):
    (place / f"{CHAPTER}.ipynb").write_bytes(b"{}")
    (place / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")

    found = read(tmp_path, "ada", CHAPTER)

    assert (found.data, found.why, found.timestamp) == (b"{}", "", "2026-11-20 10:00:00 UTC")


def test_a_single_notebook_under_another_name_is_taken_and_told(tmp_path, place):
    (place / "my work.ipynb").write_bytes(b"{}")

    found = read(tmp_path, "ada", CHAPTER)

    assert found.data == b"{}"
    assert found.repair == "the notebook was called my work.ipynb; it is read as 01_x.ipynb."


def test_of_several_under_other_names_none_is_guessed(tmp_path, place):
    (place / "a.ipynb").touch()
    (place / "b.ipynb").touch()

    assert read(tmp_path, "ada", CHAPTER).why == "the notebook cannot be read: no notebook 01_x.ipynb was handed in"


def lay_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def lay_pipe(path: Path) -> None:
    os.mkfifo(path)


def lay_folder(path: Path) -> None:
    path.mkdir()


def lay_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("lay", [lay_link, lay_pipe, lay_folder, lay_loop])
def test_what_is_no_plain_file_is_not_read(tmp_path, place, lay):
    lay(place / f"{CHAPTER}.ipynb")

    found = read(tmp_path, "ada", CHAPTER)

    assert found.data is None
    assert "is not a plain file" in found.why


def test_a_huge_file_is_not_read(tmp_path, place, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_BYTES", 10)
    (place / f"{CHAPTER}.ipynb").write_bytes(b" " * 11)

    assert "has 11 bytes; at most 10 are read" in read(tmp_path, "ada", CHAPTER).why


def test_folders_that_are_links_are_left_out_and_told(tmp_path, place):
    (tmp_path / "submitted" / "bob").symlink_to(place.parent)
    (tmp_path / "submitted" / "eve").mkdir()
    (tmp_path / "submitted" / "eve" / CHAPTER).symlink_to(place)
    (tmp_path / "submitted" / ".hidden" / CHAPTER).mkdir(parents=True)
    (tmp_path / "submitted" / "file").touch()

    found, left_out = learners(tmp_path, CHAPTER)

    assert found == ["ada"]
    assert len(left_out) == 2 and all("a link, which is not followed" in why for why in left_out)


def test_equal_files_have_equal_digests(tmp_path, place):
    (place / f"{CHAPTER}.ipynb").write_bytes(b"{}")
    first = read(tmp_path, "ada", CHAPTER).sha256
    (place / f"{CHAPTER}.ipynb").write_bytes(b"{ }")

    assert read(tmp_path, "ada", CHAPTER).sha256 != first
