"""A learner's folder is made, brought up to date and begun anew, and nothing they wrote is lost."""

import json
from pathlib import Path

import pytest

from course_lib.errors import BadArgument, OutputError
from course_lib.exercises import ledger
from course_lib.exercises.catalog import HIDDEN, find_workspace, released
from course_lib.exercises.standing import Event
from course_lib.exercises.workspace import INDEX, copy_of, reset, standings, the_chapter, update
from tests.exercises.workshop import NAME, checkout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path / "checkout")


@pytest.fixture
def workspace(tmp_path: Path, root: Path) -> Path:
    update(tmp_path / "workspace", root)
    return tmp_path / "workspace"


def edit(path: Path, name: str, text: str) -> None:
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["id"] == name:
            cell["source"] = text
    path.write_text(json.dumps(notebook))


def new_release(root: Path) -> None:
    """The author changes a line of the set-up."""
    path = root / "chapters" / NAME / f"{NAME}.py"
    path.write_text(path.read_text().replace("style()\nN =", "style()\nLIMIT = 3\nN ="))


def says(path: Path, text: str) -> bool:
    return any(text in "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_workspace_holds_the_release_and_a_page(workspace: Path):
    assert sorted(files(workspace)) == [
        f"{HIDDEN}/release/{NAME}/{NAME}.ipynb",
        f"{HIDDEN}/release/{NAME}/card.json",
        f"{NAME}/{NAME}.ipynb",
        INDEX,
    ]
    assert f"({NAME}/{NAME}.ipynb)" in (workspace / INDEX).read_text()


def test_the_second_time_nothing_changes(workspace: Path, root: Path):
    before = files(workspace)
    changes, broken = update(workspace, root)

    assert ([change.what for change in changes], broken) == (["same"], {})
    assert files(workspace) == before


def test_work_is_left_alone_while_the_release_is_the_same(workspace: Path, root: Path):
    edit(copy_of(workspace, NAME), "middle", "def middle(v): return 1")
    before = files(workspace)

    assert update(workspace, root)[0][0].what == "same"
    assert files(workspace) == before


def test_an_untouched_copy_becomes_the_new_release(workspace: Path, root: Path):
    new_release(root)
    change = update(workspace, root)[0][0]

    assert change.what == "replaced"
    assert says(copy_of(workspace, NAME), "LIMIT = 3")
    assert not (workspace / "earlier").exists()


def test_outputs_alone_are_no_work(workspace: Path, root: Path):
    path = copy_of(workspace, NAME)
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["execution_count"] = 4
    path.write_text(json.dumps(notebook))
    new_release(root)

    assert update(workspace, root)[0][0].what == "replaced"


def test_a_new_release_comes_under_the_answers_and_the_old_copy_is_kept(workspace: Path, root: Path):
    path = copy_of(workspace, NAME)
    edit(path, "middle", "def middle(v): return 1")
    before = path.read_bytes()
    new_release(root)
    change = update(workspace, root)[0][0]

    assert change.what == "merged"
    assert "1 of your answers" in change.told and f"earlier/{NAME}-1.ipynb" in change.told
    assert says(path, "def middle(v): return 1") and says(path, "LIMIT = 3")
    assert (workspace / "earlier" / f"{NAME}-1.ipynb").read_bytes() == before
    assert update(workspace, root)[0][0].what == "same"


@pytest.mark.parametrize("content", [b"", b"not json", b'{"cells": 3}', b"\xff\xfe"])
def test_a_copy_that_cannot_be_read_is_left_alone(workspace: Path, root: Path, content: bytes):
    copy_of(workspace, NAME).write_bytes(content)
    new_release(root)
    change = update(workspace, root)[0][0]

    assert change.what == "beside"
    assert copy_of(workspace, NAME).read_bytes() == content
    assert says(workspace / NAME / f"{NAME}-new.ipynb", "LIMIT = 3")


def test_a_lost_release_folder_loses_no_work(workspace: Path, root: Path):
    edit(copy_of(workspace, NAME), "middle", "def middle(v): return 1")
    for path in (workspace / HIDDEN / "release" / NAME).iterdir():
        path.unlink()
    update(workspace, root)

    assert says(copy_of(workspace, NAME), "def middle(v): return 1")


def test_a_kill_between_the_two_writes_is_mended(workspace: Path, root: Path, monkeypatch: pytest.MonkeyPatch):
    from course_lib.exercises import workspace as place

    edit(copy_of(workspace, NAME), "middle", "def middle(v): return 1")
    new_release(root)
    true_write = place.write_text

    def killed(path: Path, text: str) -> None:
        if HIDDEN in path.parts:
            raise KeyboardInterrupt
        true_write(path, text)

    monkeypatch.setattr(place, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        update(workspace, root)
    monkeypatch.undo()
    update(workspace, root)

    copy = json.loads(copy_of(workspace, NAME).read_text())
    told = ["".join(cell["source"]) for cell in copy["cells"]]
    assert told.count("def middle(v): return 1") == 1
    assert len(told) == len(json.loads((workspace / HIDDEN / "release" / NAME / f"{NAME}.ipynb").read_text())["cells"])


def test_a_chapter_that_cannot_be_read_is_told_and_hides_no_other(tmp_path: Path, root: Path):
    broken = root / "chapters" / "02_broken"
    broken.mkdir()
    (broken / "exercises.toml").write_text("[")
    (broken / "02_broken.py").write_text("")
    changes, told = update(tmp_path / "workspace", root)

    assert [change.chapter for change in changes] == [NAME]
    assert list(told) == ["02_broken"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, root: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "index.md").write_text("my diary")

    with pytest.raises(OutputError, match="holds something else"):
        update(tmp_path / "home", root)
    assert files(tmp_path / "home") == {"index.md": b"my diary"}


def test_an_empty_folder_becomes_a_workspace(tmp_path: Path, root: Path):
    (tmp_path / "empty").mkdir()
    update(tmp_path / "empty", root)

    assert copy_of(tmp_path / "empty", NAME).exists()


def test_a_file_is_no_workspace(tmp_path: Path, root: Path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(OutputError, match="not a directory"):
        update(tmp_path / "file", root)


def test_a_reset_keeps_the_copy_under_a_number(workspace: Path):
    path, kept = copy_of(workspace, NAME), []
    fresh = path.read_bytes()
    for number in (1, 2):
        edit(path, "middle", f"def middle(v): return {number}")
        ledger.append(workspace / HIDDEN / ledger.FILE, Event("check", NAME, "middle", "passed"))
        kept.append(reset(workspace, "1"))

    assert [one.name for one in kept] == [f"{NAME}-1.ipynb", f"{NAME}-2.ipynb"]
    assert says(kept[0], "return 1") and says(kept[1], "return 2")
    assert path.read_bytes() == fresh
    assert standings(workspace)[0].earned == 0


def test_a_reset_of_an_untouched_chapter_keeps_nothing(workspace: Path):
    assert reset(workspace, NAME) is None
    assert not (workspace / "earlier").exists()


@pytest.mark.parametrize("name", ["2", "", "practice", "../01_practice", "01_practice/"])
def test_an_unknown_chapter_is_named(workspace: Path, name: str):
    if name == "":
        assert the_chapter(workspace, name) == NAME  # the only one begins with nothing
        return
    with pytest.raises(BadArgument, match="there is no chapter"):
        reset(workspace, name)


def test_a_workspace_is_found_from_below(workspace: Path):
    deep = workspace / NAME / "a" / "b"
    deep.mkdir(parents=True)

    assert find_workspace(deep) == workspace.resolve()
    assert find_workspace(workspace.parent) is None


def test_the_release_of_a_workspace_is_what_is_checked(workspace: Path):
    assert [card.name for card in released(workspace).chapters] == [NAME]
