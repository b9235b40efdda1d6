"""check, hint and progress work on what the kernel holds, from the untouched release, and never raise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.exercises import check, hint, ledger, live, progress
from course_lib.exercises.catalog import HIDDEN, WHERE
from course_lib.exercises.standing import Event
from course_lib.exercises.workspace import INDEX, copy_of, update
from tests.exercises.test_trial import kernel
from tests.exercises.workshop import NAME, answer_of, checkout, practice


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder; the kernel stands in the folder of its chapter."""
    folder = tmp_path / "workspace"
    update(folder, checkout(tmp_path / "checkout"))
    monkeypatch.chdir(folder / NAME)
    monkeypatch.delenv(WHERE, raising=False)
    monkeypatch.setattr(live, "_UNKEPT", {})
    return folder


def events(workspace: Path) -> list[Event]:
    return ledger.read(workspace / HIDDEN / ledger.FILE)


def test_a_check_that_holds_is_noted(workspace: Path):
    found = check("middle", kernel(answer_of(practice(), "middle")))

    assert found
    assert str(found).startswith("✓ middle: visible tests hold (20 points)")
    assert events(workspace) == [Event("check", NAME, "middle", "passed")]
    assert "20 of 40 points" in (workspace / INDEX).read_text()


@pytest.mark.parametrize(
    ("code", "noted", "said"),
    [
        ("def middle(v): return 3", "failed", "of 1, 2 and 100 the middle is 2; yours is 3"),
        ("def middle(v): return 1 / 0", "failed", "ZeroDivisionError"),
        ("def middle(v): raise NotImplementedError('middle: write your answer here')", "unwritten", "not written yet"),
        ("import statistics\ndef middle(v): return statistics.median(v or int('x'))", "borrowed", "Careful"),
        ("", None, "run the answer cell first"),
    ],
)
def test_what_is_wrong_is_told_and_noted(workspace: Path, code: str, noted: str | None, said: str):
    found = check("middle", kernel(code))

    assert not found
    assert said in str(found)
    assert [event.outcome for event in events(workspace)] == ([noted] if noted else [])


def test_the_learners_own_test_cell_has_no_say(workspace: Path):
    mine = json.loads(copy_of(workspace, NAME).read_text())
    for cell in mine["cells"]:
        if cell["id"] == "test-middle":
            cell["source"] = "pass"
    copy_of(workspace, NAME).write_text(json.dumps(mine))

    assert not check("middle", kernel("def middle(v): return 3"))


def test_an_unknown_name_is_told_what_there_is(workspace: Path):
    found = str(check("midle"))

    assert "Do you mean middle?" in found.replace("`", "")
    assert "trimmed" in found and "which" in found
    assert events(workspace) == []


@pytest.mark.parametrize("name", ["", None, 3, ["middle"], "x" * 5000, "a\tb\n"])
def test_whatever_is_asked_for_nothing_is_raised(workspace: Path, name: object):
    assert not check(name)  # type: ignore[arg-type]
    assert str(hint(name))  # type: ignore[arg-type]


def test_an_essay_is_read_by_a_person(workspace: Path):
    assert "A person reads it" in str(check("which"))


def test_hints_come_one_after_the_other_and_are_remembered(workspace: Path):
    told = [str(hint("middle")).split("\n")[0] for _ in range(4)]

    assert told == ["middle: hint 1 of 3", "middle: hint 2 of 3", "middle: hint 3 of 3", "middle: hint 3 of 3"]
    assert "The hints before" in hint("middle")._repr_html_()


def test_hints_are_remembered_by_the_next_kernel(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    hint("middle")
    monkeypatch.setattr(live, "_UNKEPT", {})

    assert str(hint("middle")).startswith("middle: hint 2 of 3")


def test_progress_tells_points_hints_and_the_next_step(workspace: Path):
    check("middle", kernel(answer_of(practice(), "middle")))
    hint("trimmed")
    told = str(progress())

    assert "20 of 40 points  1 hint" in told
    assert "✓ middle: holds here (20 points)" in told
    assert "Next: trimmed" in told


def test_progress_is_safe_html(workspace: Path):
    page = progress()._repr_html_()

    assert "<script" not in page
    assert page.count("<div") == page.count("</div>")


def test_a_ledger_that_cannot_be_written_does_not_stop_a_check(workspace: Path):
    (workspace / HIDDEN / ledger.FILE).mkdir()

    found = check("middle", kernel(answer_of(practice(), "middle")))

    assert found
    assert "could not be noted" in str(found)
    assert "1 of 3" in str(hint("middle")) and "2 of 3" in str(hint("middle"))


def test_half_a_release_is_told(workspace: Path):
    (workspace / HIDDEN / "release" / NAME / "card.json").write_text("{")

    assert "cannot be read" in str(check("middle"))
    assert str(progress()) == "There are no chapters yet."


def test_the_workspace_can_be_named(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(WHERE, str(workspace))

    assert check("middle", kernel(answer_of(practice(), "middle")))
    assert len(events(workspace)) == 1


def test_a_folder_that_was_removed_does_no_harm(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert not check("no such exercise")


def test_importing_the_helpers_is_cheap():
    code = "import sys, course_lib.exercises; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"numpy", "pandas", "pyarrow", "matplotlib", "IPython", "nbformat", "typer", "dask"} & set(loaded) == set()


def test_a_program_without_a_notebook_can_check_itself(workspace: Path):
    code = answer_of(practice(), "middle") + "\nfrom course_lib.exercises import check\nprint(check('middle'))\n"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=workspace / NAME
    ).stdout

    assert told.startswith("✓ middle")
