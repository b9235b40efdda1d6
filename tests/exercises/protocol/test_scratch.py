"""A file of an answer's is read where it lies, and nowhere else."""

import os
from pathlib import Path

import pytest

from course_lib.exercises.protocol.scratch import names, read_bytes, read_text


def test_a_plain_file_is_read(tmp_path: Path):
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "part.csv").write_text("ä\n")

    assert read_text(tmp_path, "day/part.csv") == "ä\n"
    assert names(tmp_path) == ["day"]


def test_nothing_but_plain_files_in_plain_folders_is_read(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "link").symlink_to(outside / "secret")
    (folder / "folder").symlink_to(outside)
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(bytes(100))

    for name in ("link", "folder/secret", "inner", "pipe", "../outside/secret", str(outside / "secret"), "", "large/x"):
        with pytest.raises(ValueError):
            read_bytes(folder, name)
    with pytest.raises(ValueError, match="100 bytes"):
        read_bytes(folder, "large", most=99)
    with pytest.raises(FileNotFoundError, match="wrote no file"):
        read_bytes(folder, "nothing")


def test_too_many_files_are_refused(tmp_path: Path):
    for n in range(5):
        (tmp_path / f"{n}").touch()

    with pytest.raises(ValueError, match="more than 3"):
        names(tmp_path, most=3)
