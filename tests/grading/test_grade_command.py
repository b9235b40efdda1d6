"""`course grade` says what it needs, and shows what it does to people and to programs."""

import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.grading.class_folder import new_class
from course_lib.grading.grading_shown import JsonLines, Shown, line

GRADED = {
    "event": "graded", "learner": "a[b]\x1b", "chapter": "01_x", "points": 3, "of": 20, "by_hand": 5, "ended": {},
    "repairs": ["one"], "seconds": 1.25,
}  # fmt: skip


@pytest.mark.parametrize("words", [("--class", "nowhere"), ("17", "--class", "."), ("--jobs", "0")])
def test_wrong_arguments_end_with_2(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)

    assert CliRunner().invoke(app, ["grade", *words]).exit_code == 2


def test_a_class_without_submissions_says_so(tmp_path):
    new_class(tmp_path / "class")

    done = CliRunner().invoke(app, ["grade", "--class", str(tmp_path / "class")])

    assert done.exit_code == 2
    assert "nothing was handed in" in done.output


def test_help_has_examples():
    done = CliRunner().invoke(app, ["grade", "--help"])

    assert done.exit_code == 0 and "course grade 3" in done.output


def test_events_are_lines_of_json(capsys):
    with JsonLines() as tell:
        tell(GRADED)

    assert json.loads(capsys.readouterr().out) == GRADED


def test_a_line_tells_points_what_a_person_gives_and_repairs():
    assert line(GRADED) == "01_x  a[b]\\x1b               3/15, 5 by hand  1.2 s, 1 repairs"


def test_no_bar_where_there_is_no_terminal_and_one_where_there_is():
    for terminal in (False, True):
        out = io.StringIO()
        with Shown(Console(file=out, force_terminal=terminal, width=120)) as tell:
            tell({"event": "begin", "submissions": 2, "chapters": ["01_x"]})
            tell(GRADED)
            tell({"event": "failed", "learner": "eve", "chapter": "01_x", "why": "[red]"})
            tell({"event": "end", "graded": 1, "kept": 0, "failed": 1, "seconds": 2.0})
        assert "1 graded, 0 graded before, 1 not graded; 2.0 s" in out.getvalue()
        assert ("grading" in out.getvalue()) == terminal
        assert ("3/15" in out.getvalue()) != terminal
        assert "not graded: [red]" in out.getvalue()
