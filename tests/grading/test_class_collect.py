"""Hand-ins come in whole, the newest wins, and what a stranger packed does no harm."""

import io
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course_lib.errors import InputError
from course_lib.grading import hand_in_files
from course_lib.grading.class_collect import collect, handed_in
from course_lib.grading.class_folder import ClassFolder
from tests.exercises.workshop import NAME, practice
from tests.grading.classroom import modes, submission, utc

CHAPTER = practice()


def put(path: Path, text: str | bytes, at: str = "2026-11-30 20:00:00") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (utc(at).timestamp(),) * 2)
    return path


def packed(path: Path, files: dict[str, str | bytes], at: tuple[int, ...] = (2026, 11, 30, 20, 0, 0)) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, at), content)  # type: ignore[arg-type]
    return path


def lying(of: ClassFolder, learner: str) -> str:
    return (of.submitted(learner, NAME) / f"{NAME}.ipynb").read_text("utf-8")


def test_a_folder_for_each_learner(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/anything.ipynb", submission(middle="right"))
    put(tmp_path / f"in/bob/{NAME}/{NAME}.ipynb", submission())
    put(tmp_path / "in/bob/notes.txt", "mine")

    found = collect(of, CHAPTER, tmp_path / "in")

    assert [(one.learner, one.what) for one in found.taken] == [("ana", "new"), ("bob", "new")]
    assert (found.unknown, found.refused, found.others, found.absent) == ([], [], 1, ["张三"])
    assert lying(of, "ana") == submission(middle="right")
    assert handed_in(of, "ana", NAME) == utc("2026-11-30 20:00:00")
    assert set(modes(of.root / "submitted").values()) <= {"0o700", "0o600"}


def test_a_moodle_zip_in_the_zone_of_the_class(of: ClassFolder, tmp_path: Path):
    rules = of.root / "class.toml"
    rules.write_text(rules.read_text().replace('timezone = "UTC"', 'timezone = "Europe/Madrid"'))
    source = packed(
        tmp_path / "download.zip",
        {
            "Ana García_1_assignsubmission_file_/01.ipynb": submission(),
            "Bob Lee, Jr._2_assignsubmission_file_/01.ipynb": submission(middle="right"),
            "Bob Lee, Jr._2_assignsubmission_onlinetext_/onlinetext.html": "<p>see file</p>",
            "__MACOSX/._01.ipynb": b"\0",
        },
    )

    found = collect(of, CHAPTER, source)

    assert [one.learner for one in found.taken] == ["ana", "bob"]
    assert handed_in(of, "bob", NAME) == utc("2026-11-30 19:00:00")


def test_the_newest_of_several_wins_and_is_told(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/first.ipynb", submission(), "2026-11-30 20:00:00")
    put(tmp_path / "in/ana/last.ipynb", submission(middle="right"), "2026-11-30 21:00:00")

    [taken] = collect(of, CHAPTER, tmp_path / "in").taken

    assert (taken.path, taken.passed_over) == ("ana/last.ipynb", ("ana/first.ipynb",))
    assert lying(of, "ana") == submission(middle="right")


def test_a_newer_one_that_cannot_be_read_does_not_win(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/good.ipynb", submission(), "2026-11-30 20:00:00")
    put(tmp_path / "in/ana/cut.ipynb", submission()[:3000], "2026-11-30 21:00:00")

    [taken] = collect(of, CHAPTER, tmp_path / "in").taken

    assert (taken.path, taken.broken) == ("ana/good.ipynb", "")


def test_a_broken_one_is_better_than_none(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/cut.ipynb", submission()[:-100])

    [taken] = collect(of, CHAPTER, tmp_path / "in").taken

    assert taken.broken.startswith("JSONDecodeError")
    assert lying(of, "ana") == submission()[:-100]


def test_what_was_collected_before_is_replaced_by_newer_work_alone_and_kept(of: ClassFolder, tmp_path: Path):
    late, early = submission(middle="right"), submission()
    put(tmp_path / "one/ana/x.ipynb", late, "2026-11-30 21:00:00")
    put(tmp_path / "two/ana/x.ipynb", early, "2026-11-30 20:00:00")
    put(tmp_path / "three/ana/x.ipynb", submission(middle="right", trimmed="right"), "2026-11-30 22:00:00")

    what = [collect(of, CHAPTER, tmp_path / name).taken[0].what for name in ("one", "one", "two", "three")]

    assert what == ["new", "same", "older", "newer"]
    [kept] = (of.root / "earlier").rglob("*.ipynb")
    assert kept.read_text("utf-8") == late
    assert kept.name == "2026-11-30T210000Z.ipynb"


def test_the_same_work_collected_later_is_not_later_work(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "one/ana/x.ipynb", submission(), "2026-11-30 20:00:00")
    put(tmp_path / "two/ana/x.ipynb", submission(), "2026-12-24 20:00:00")

    collect(of, CHAPTER, tmp_path / "one")
    collect(of, CHAPTER, tmp_path / "two")

    assert handed_in(of, "ana", NAME) == utc("2026-11-30 20:00:00")


def test_a_learners_own_timestamp_is_not_believed(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/x.ipynb", submission(), "2026-11-30 20:00:00")
    put(tmp_path / "in/ana/timestamp.txt", "2020-01-01 00:00:00 UTC")

    collect(of, CHAPTER, tmp_path / "in")

    assert handed_in(of, "ana", NAME) == utc("2026-11-30 20:00:00")


def test_a_time_may_be_given_for_all(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana.ipynb", submission())

    collect(of, CHAPTER, tmp_path / "in", datetime(2026, 12, 1, tzinfo=UTC) - timedelta(hours=1))

    assert handed_in(of, "ana", NAME) == utc("2026-11-30 23:00:00")


def test_files_of_nobody_and_of_other_chapters_are_listed(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/mallory/ana.ipynb", submission())
    put(tmp_path / "in/bob/other.ipynb", '{"cells": [{"id": "psi", "source": ""}], "nbformat": 4}')
    put(tmp_path / "in/bob/a.ipynb", "{}")

    found = collect(of, CHAPTER, tmp_path / "in")

    assert found.taken == []
    assert found.unknown == [("mallory/ana.ipynb", "no learner is called 'mallory'")]
    assert found.elsewhere == ["bob/a.ipynb", "bob/other.ipynb"]
    assert not (of.root / "submitted").exists()


def test_two_people_who_claim_to_be_one_are_both_refused(of: ClassFolder, tmp_path: Path):
    there = {f"Ana García_{number}_assignsubmission_file_/x.ipynb": submission() for number in (1, 2)}

    found = collect(of, CHAPTER, packed(tmp_path / "two.zip", dict(there)))

    assert found.taken == []
    assert [path for path, _ in found.unknown] == list(there)
    assert "more than one person claims to be 'ana'" in found.unknown[0][1]


def test_links_and_pipes_in_a_folder_are_not_opened(of: ClassFolder, tmp_path: Path):
    secret = put(tmp_path / "secret.ipynb", submission())
    (tmp_path / "in/ana").mkdir(parents=True)
    (tmp_path / "in/ana/x.ipynb").symlink_to(secret)
    (tmp_path / "in/bob").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "in/pipe.ipynb")

    found = collect(of, CHAPTER, tmp_path / "in")

    assert found.taken == []
    assert dict(found.refused) == {
        "ana/x.ipynb": "is a symbolic link", "bob": "is a symbolic link", "pipe.ipynb": "is no regular file",
    }  # fmt: skip


def test_names_that_lead_out_of_a_zip_are_refused(of: ClassFolder, tmp_path: Path):
    out = ["../../ana/x.ipynb", "/etc/ana.ipynb", "ana/../../x.ipynb", "..\\ana\\x.ipynb", "C:\\ana\\x.ipynb"]
    source = packed(tmp_path / "evil.zip", dict.fromkeys([*out, "ana/x.ipynb"], submission()))

    found = collect(of, CHAPTER, source)

    assert {why for _, why in found.refused} == {"its name leads out of the zip"}
    assert len(found.refused) == len(out)
    assert {path.name for path in tmp_path.iterdir()} == {"class", "evil.zip"}


def test_links_and_devices_in_a_zip_are_refused(of: ClassFolder, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        for name, kind in (("ana/x.ipynb", stat.S_IFLNK), ("bob/x.ipynb", stat.S_IFCHR)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (kind | 0o777) << 16
            archive.writestr(entry, "/etc/passwd")

    found = collect(of, CHAPTER, tmp_path / "evil.zip")

    assert [why for _, why in found.refused] == ["is a symbolic link", "is no regular file"]


def test_a_bomb_ends_at_the_limit_of_a_file(of: ClassFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hand_in_files, "ONE", 1_000_000)
    source = packed(tmp_path / "bomb.zip", {"ana/x.ipynb": b" " * 50_000_000, "bob/x.ipynb": submission()})
    lied = source.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1_000))
    (tmp_path / "lying.zip").write_bytes(lied)

    honest = collect(of, CHAPTER, source)
    lying_one = collect(of, CHAPTER, tmp_path / "lying.zip")

    assert honest.refused[0][1] == "would be larger than 0 MB"
    assert lying_one.refused[0][0] == "ana/x.ipynb"
    assert [one.learner for one in honest.taken] == ["bob"], "one bomb stops nobody else"


def test_one_broken_entry_stops_nobody_else(of: ClassFolder, tmp_path: Path):
    source = packed(tmp_path / "half.zip", {"ana/x.ipynb": submission(middle="right"), "bob/x.ipynb": submission()})
    raw = bytearray(source.read_bytes())
    raw[200:260] = bytes(60)
    source.write_bytes(raw)

    found = collect(of, CHAPTER, source)

    assert [one.learner for one in found.taken] == ["bob"]
    assert found.refused[0][0] == "ana/x.ipynb"


def test_names_in_utf8_without_a_flag_are_understood(of: ClassFolder, tmp_path: Path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("张三/x.ipynb", submission())
    data = bytearray(raw.getvalue())
    for at in (6, data.index(b"PK\x01\x02") + 8):  # the flag that says UTF-8, in both headers
        data[at + 1] &= ~0x08 & 0xFF
    (tmp_path / "plain.zip").write_bytes(data)

    assert [one.learner for one in collect(of, CHAPTER, tmp_path / "plain.zip").taken] == ["张三"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.4", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_said_to_be_none(of: ClassFolder, tmp_path: Path, content: bytes):
    (tmp_path / "x.zip").write_bytes(content)
    if content.startswith(b"PK\x05"):  # an empty zip is one
        assert collect(of, CHAPTER, tmp_path / "x.zip").taken == []
        return

    with pytest.raises(InputError, match="neither a folder nor a zip"):
        collect(of, CHAPTER, tmp_path / "x.zip")


def test_a_notebook_as_deep_as_a_well_is_one_learners_problem(of: ClassFolder, tmp_path: Path):
    put(tmp_path / "in/ana/x.ipynb", '{"cells": ' + "[" * 200_000 + '"middle"')
    put(tmp_path / "in/bob/x.ipynb", submission())

    assert [(one.learner, bool(one.broken)) for one in collect(of, CHAPTER, tmp_path / "in").taken] == [
        ("ana", True), ("bob", False),
    ]  # fmt: skip
