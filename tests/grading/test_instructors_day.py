"""The commands of an instructor's day: what they say, what they leave, and with which code they end."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from course_lib.cli import app
from course_lib.exercises import chapters
from course_lib.grading import class_regrade, class_release
from course_lib.grading.class_folder import ClassFolder, new_class, open_gradebook
from course_lib.grading.verdict import write_verdict
from tests.exercises.workshop import NAME, checkout
from tests.grading.classroom import failed, graded, modes, submission, verdict

RUN = CliRunner()


@pytest.fixture
def day(of: ClassFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClassFolder]:
    """Standing in the class, with the practice chapter in the place of ours."""
    root = checkout(tmp_path / "checkout")
    for function in (
        chapters.chapter_names,
        chapters.load_chapter,
        class_release.release_chapter,
        class_release.release_zip,
    ):
        defaults = tuple(root if one == chapters.ROOT else one for one in function.__defaults__ or ())
        monkeypatch.setattr(function, "__defaults__", defaults)
    monkeypatch.delenv("COURSE_CLASS", raising=False)
    monkeypatch.chdir(of.root)
    yield of


def course(*words: str) -> Result:
    return RUN.invoke(app, list(words))


def test_a_class_is_made_whole_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    done = course("class", "new", "autumn", "--name", 'Data "pipelines"')

    assert done.exit_code == 0, done.output
    assert set(modes(tmp_path / "autumn").values()) == {"0o700", "0o600"}
    assert ClassFolder(tmp_path / "autumn").rules().name == 'Data "pipelines"'
    assert re.fullmatch(r"[0-9a-f]{64}\n", (tmp_path / "autumn" / "secret").read_text())
    other = new_class(tmp_path / "other")
    assert other.secret.read_bytes() != (tmp_path / "autumn" / "secret").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"autumn", "other"}


def test_a_class_replaces_nothing(day: ClassFolder, tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "full")

    for there in (day.root, tmp_path / "full", tmp_path / "full" / "mine", tmp_path / "link", Path()):
        done = course("class", "new", str(there))
        assert done.exit_code == 2, there
        assert "error: " in done.output
    assert (tmp_path / "full" / "mine").read_text() == "x"


def test_a_class_is_found_from_inside_and_by_the_environment(
    day: ClassFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (day.root / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(day.root / "deep" / "er")
    assert course("class", "status").exit_code == 0

    monkeypatch.chdir(tmp_path)
    lost = course("class", "status")
    assert (lost.exit_code, "--class DIR" in lost.output) == (2, True)
    assert course("class", "status", "--class", str(day.root)).exit_code == 0
    monkeypatch.setenv("COURSE_CLASS", str(day.root))
    assert course("class", "status").exit_code == 0
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path))
    assert "COURSE_CLASS names" in course("class", "status").output


def test_a_roster_adds_and_updates_and_takes_nobody_away(day: ClassFolder, tmp_path: Path):
    table = tmp_path / "more.csv"
    table.write_text('id;name\nANA;"García López, Ana"\n=eve;Eve\n'.replace("=eve", "eve"), encoding="utf-8-sig")

    done = course("class", "roster", str(table))

    assert done.exit_code == 0, done.output
    assert "1 added, 1 updated, 0 as before." in done.output
    assert "Not in the table, and kept: bob, 张三" in done.output
    with open_gradebook(day) as gradebook:
        ana = gradebook.find_student("ana")
        assert (ana.last_name, ana.email, ana.lms_user_id) == ("García López", "ana@example.org", "4711")
        assert len(gradebook.students) == 4


def test_a_roster_with_a_mistake_changes_nothing(day: ClassFolder, tmp_path: Path):
    table = tmp_path / "bad.csv"
    table.write_text("id,name\neve,Eve\n../x,X\n")

    assert course("class", "roster", str(table)).exit_code == 2
    assert course("class", "roster", str(tmp_path / "none.csv")).exit_code == 2
    with open_gradebook(day) as gradebook:
        assert len(gradebook.students) == 3


def test_from_hand_in_to_grades(day: ClassFolder, tmp_path: Path):
    (tmp_path / "in" / "ana").mkdir(parents=True)
    text = submission(middle="right", trimmed="right")
    (tmp_path / "in" / "ana" / "x.ipynb").write_text(text, encoding="utf-8")
    (tmp_path / "in" / "eve.ipynb").write_text(text, encoding="utf-8")

    collected = course("collect", "1", str(tmp_path / "in"), "--at", "2026-11-30T21:00:00+01:00")
    assert collected.exit_code == 1, "a file of nobody is told"
    assert "of nobody: eve.ipynb" in collected.output
    assert "○" in course("class", "status").output
    shutil.rmtree(tmp_path / "in")

    graded(day, verdict("ana", text=text), text)
    status = course("class", "status").output
    assert "✎ 40" in status

    assert "1 pages written" in course("feedback", "1", "--zip").output
    statistics = course("statistics", "1")
    assert "1/1" in statistics.output
    assert day.statistics(NAME).exists()
    rows = list(csv.reader(io.StringIO(course("grades", "--csv").stdout)))
    assert rows[1] == ["ana", "García", "Ana", "ana@example.org", "40", "0", "40"]
    assert course("grades", "1", "--csv", "--out", str(tmp_path / "out.csv")).exit_code == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbflearner,")
    assert oct((tmp_path / "out.csv").stat().st_mode & 0o777) == "0o600"
    assert "40" in course("grades").output
    graded_anew = json.loads(text)
    graded_anew["cells"].append({"cell_type": "markdown", "id": "new", "metadata": {}, "source": "more"})
    (day.submitted("ana", NAME) / f"{NAME}.ipynb").write_text(json.dumps(graded_anew))
    assert "◐" in course("class", "status").output
    assert set(modes(day.root).values()) <= {"0o700", "0o600"}


def test_an_extension_is_given_and_taken_back(day: ClassFolder):
    nothing = course("extension", "ana", "1", "2026-12-02T12:00:00+01:00")
    assert (nothing.exit_code, "has no deadline" in nothing.output) == (2, True)
    rules = day.root / "class.toml"
    rules.write_text(rules.read_text() + f"\n[chapters.{NAME}]\ndeadline = 2026-11-30T21:00:00+01:00\n")

    given = course("extension", "ANA", "1", "2026-12-02T12:00:00+01:00")
    assert (
        "ana has time for 01_practice until 2026-12-02T12:00:00+01:00 (it was 2026-11-30T21:00:00+01:00)"
        in given.output
    )
    assert day.extensions.read_text().splitlines()[1] == "ana,01_practice,2026-12-02T12:00:00+01:00"
    assert "the deadline of all" in course("extension", "ana", "1", "none").output
    for words in (("anna", "1", "none"), ("ana", "7", "none"), ("ana", "1", "tomorrow"), ("ana", "1", "2026-12-02")):
        wrong = course("extension", *words)
        assert wrong.exit_code == 2, words
    assert "do you mean 'ana'?" in course("extension", "anna", "1", "none").output


def test_a_mistake_in_the_rules_stops_every_command_that_needs_them(day: ClassFolder):
    (day.root / "class.toml").write_text("[late]\npercent = 3\n")

    done = course("grades")

    assert done.exit_code == 2
    assert "'percent' is none of" in done.output


@pytest.mark.parametrize("words", [("feedback", "1"), ("statistics", "1"), ("regrade", "1")])
def test_what_comes_after_grading_says_so(day: ClassFolder, words: tuple[str, ...]):
    done = course(*words)

    assert (done.exit_code, "`course grade 01_practice` comes first" in done.output) == (2, True)


def test_a_regrade_lists_whose_points_changed_and_keeps_what_a_person_gave(
    day: ClassFolder, monkeypatch: pytest.MonkeyPatch
):
    text = submission(middle="right", trimmed="right")
    for learner, told in (("ana", failed("middle")), ("bob", failed("trimmed"))):
        graded(day, verdict(learner, told, text=text), text)
    with open_gradebook(day) as gradebook:
        gradebook.find_grade("test-trimmed", NAME, NAME, "bob").manual_score = 15
        gradebook.find_comment("which", NAME, NAME, "bob").manual_comment = "Good."
        gradebook.db.commit()
    before = snapshot(day)

    def mended(of: ClassFolder, chapter: object) -> None:
        assert not of.submitted("ana", NAME).is_symlink()
        for learner in ("ana", "bob"):
            assert (of.submitted(learner, NAME) / f"{NAME}.ipynb").is_file()
            told = verdict(learner, text=text)
            write_verdict(of.root, told) if of.root != day.root else graded(of, told, text)

    monkeypatch.setattr(class_regrade, "graded_again", mended)
    dry = course("regrade", "1", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Points that would change" in dry.output
    assert snapshot(day) == before, "a dry run leaves the class as it is"

    done = course("regrade", "1")
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if "failed" in line]
    assert len(lines) == 2
    assert "your own points stay" in lines[1]
    with open_gradebook(day) as gradebook:
        kept = gradebook.find_grade("test-trimmed", NAME, NAME, "bob")
        assert (kept.manual_score, kept.auto_score, kept.score) == (15, 20, 15)
        assert gradebook.find_comment("which", NAME, NAME, "bob").manual_comment == "Good."
    assert "Nobody's points changed." in course("regrade", "1").output


def snapshot(of: ClassFolder) -> dict[str, bytes]:
    """All that lies in a class; the gradebook by its rows, because to read it may touch its file."""
    import sqlite3

    files = {str(path): path.read_bytes() for path in of.root.rglob("*") if path.is_file() and path != of.gradebook}
    with sqlite3.connect(of.gradebook) as connection:
        files["gradebook"] = "\n".join(connection.iterdump()).encode()
    connection.close()
    return files


def test_every_command_explains_itself():
    for words in (
        ("class", "new"), ("class", "roster"), ("class", "status"), ("release",), ("collect",), ("extension",),
        ("formgrader",), ("feedback",), ("grades",), ("statistics",), ("regrade",),
    ):  # fmt: skip
        done = RUN.invoke(app, [*words, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert done.exit_code == 0
        assert f"course {' '.join(words)}" in done.output.split("Usage", 1)[1].split("\n", 1)[1], words


def test_a_full_umask_opens_nothing(tmp_path: Path):
    before = os.umask(0)
    try:
        new_class(tmp_path / "open")
        assert os.umask(0) == 0, "the shell's own is put back"
    finally:
        os.umask(before)

    assert set(modes(tmp_path / "open").values()) == {"0o700", "0o600"}
