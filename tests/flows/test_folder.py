"""What cannot be a run's folder is named before the work begins, and left as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from course_lib.errors import BadArgument, InputError, OutputUnwritable, StepFailed
from course_lib.flows import folder
from course_lib.flows.folder import blaming_the_disk, make_ready, place


def tree(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_a_run_has_its_folder_where_links_lead(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert place(tmp_path / "link" / ".." / "real" / "out", []) == tmp_path / "real" / "out"


def test_a_circle_of_links_is_left_to_those_who_write(tmp_path):
    (tmp_path / "loop").symlink_to("loop")

    assert place(tmp_path / "loop", []) == tmp_path / "loop"


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path):
    with pytest.raises(OutputUnwritable, match="not UTF-8"):
        place(tmp_path / os.fsdecode(b"\xff"), [])


@pytest.mark.parametrize("given", ["trips", "trips/", "./other/../trips", "link"])
def test_an_input_folder_is_no_place_for_a_run_by_whatever_name(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trips").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("trips")

    with pytest.raises(BadArgument, match="the input and --out at once"):
        place(Path("trips"), [given])
    assert place(Path("trips/out"), [given]) == tmp_path / "trips" / "out"


@pytest.mark.parametrize("name", [".work", ".work/records", ".prefect", "lineage", "versions", "current"])
def test_a_file_in_the_place_of_a_folder_is_named_before_the_work(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    before = tree(tmp_path)

    with pytest.raises(OutputUnwritable, match="Move away what is there") as caught:
        make_ready(tmp_path, tmp_path / ".work", False)

    assert caught.value.path == str(tmp_path / name)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["run.json", "report.html", "metrics.prom", "lineage/events.ndjson", "current"])
def test_a_folder_in_the_place_of_a_file_is_named_before_the_work(tmp_path, name):
    (tmp_path / name).mkdir(parents=True)

    with pytest.raises(OutputUnwritable, match="Move away what is there") as caught:
        make_ready(tmp_path, tmp_path / ".work", False)

    assert caught.value.path == str(tmp_path / name)


def test_what_a_killed_run_left_half_done_is_swept_and_the_rest_kept(tmp_path):
    for name in (".work/records/a.json", ".work/.tmp-1-x/y", ".tmp-2-run.json", "versions/.tmp-3-v/t", "versions/v/t"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    make_ready(tmp_path, tmp_path / ".work", False)

    assert {name for name in tree(tmp_path) if (tmp_path / name).is_file()} == {".work/records/a.json", "versions/v/t"}


def test_beginning_anew_forgets_the_work_and_keeps_what_is_published(tmp_path):
    for name in (".work/records/a.json", "versions/v/t"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    make_ready(tmp_path, tmp_path / ".work", True)

    assert tree(tmp_path) == [".work", "versions", "versions/v", "versions/v/t"]


@pytest.mark.parametrize(
    ("error", "free", "told"),
    [
        pytest.param(RuntimeError("disk I/O error"), 0, OutputUnwritable, id="a library's word for a full disk"),
        pytest.param(StepFailed("workers", "why"), 0, OutputUnwritable, id="a step that died of it"),
        pytest.param(RuntimeError("why"), folder.NEEDED, RuntimeError, id="there is room"),
        pytest.param(InputError("a", "b", "c"), 0, InputError, id="what has its reason already"),
    ],
)
def test_a_full_disk_is_the_reason_for_what_is_not_told_otherwise(tmp_path, monkeypatch, error, free, told):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": free}))

    with pytest.raises(told) as caught, blaming_the_disk(tmp_path):
        raise error

    assert type(caught.value) is told


def test_a_disk_without_room_is_told_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 5 << 20}))

    with pytest.raises(OutputUnwritable, match="only 5 MB are free"):
        make_ready(tmp_path, tmp_path / ".work", False)


def test_a_refused_write_is_told(tmp_path, monkeypatch):
    def refuse(self, *args, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)

    with pytest.raises(OutputUnwritable, match="Make it writable or choose another --out folder"):
        make_ready(tmp_path, tmp_path / ".work", False)
