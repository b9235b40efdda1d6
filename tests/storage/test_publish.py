"""A version is seen whole or not at all, and never changes once it has its name."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from course_lib.errors import LateWrite, OutputUnwritable
from course_lib.storage import digests, publish
from course_lib.storage.atomic import TEMPORARY


class Site:
    """A folder to publish in, and a workshop where the files are made."""

    def __init__(self, folder: Path):
        self.root, self.shop = folder / "run", folder / "run" / ".work"
        self.shop.mkdir(parents=True)

    def make(self, **texts: str) -> tuple[dict[str, Path], str]:
        """Files of these texts, as the workshop replaces them, and their digest; `a__b` is b in the folder a."""
        files = {}
        for name, text in texts.items():
            path = self.shop / name
            beside = self.shop / f"new-{name}"
            beside.write_text(text)
            os.replace(beside, path)
            files[name.replace("__", "/")] = path
        return files, digests.of_listing({name: digests.of_file(path) for name, path in files.items()})

    def publish(self, **texts: str) -> Path:
        files, digest = self.make(**texts)
        return publish.publish(self.root, files, digest, publish.current(self.root))

    def seen(self) -> dict[str, str]:
        """What a reader sees through `current`."""
        return read(self.root / "current")

    def versions(self) -> set[str]:
        return {path.name for path in (self.root / "versions").iterdir()}


def read(version: Path) -> dict[str, str]:
    files = [path for path in version.rglob("*") if path.is_file() and path.name != "MANIFEST.json"]
    return {path.relative_to(version).as_posix(): path.read_text() for path in files}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_nothing_is_current_before_the_first_version(site: Site):
    assert publish.current(site.root) is None


def test_a_published_version_is_current_and_holds_all_files(site: Site):
    version = site.publish(silver__a="1", gold="2")

    assert site.seen() == {"silver/a": "1", "gold": "2"}
    assert publish.current(site.root) == version.name


def test_the_manifest_has_the_digest_of_each_file(site: Site):
    version = site.publish(silver__a="1", gold="2")

    told = json.loads((version / "MANIFEST.json").read_text())
    held = {name: digests.of_file(version / name) for name in ("gold", "silver/a")}
    assert told == {"digest": digests.of_listing(held), "files": held}
    assert version.name == told["digest"][:16]


def test_a_reader_of_the_old_version_goes_on_seeing_all_of_it(site: Site):
    old = site.publish(silver="old", gold="old")
    with (site.root / "current").resolve().joinpath("gold").open() as reader:
        site.publish(silver="new", gold="new")

        assert reader.read() == "old"
    assert read(old) == {"silver": "old", "gold": "old"}
    assert site.seen() == {"silver": "new", "gold": "new"}


def test_the_workshop_cannot_change_what_it_published(site: Site):
    site.publish(gold="old")
    site.make(gold="new")

    assert site.seen() == {"gold": "old"}


def test_published_files_are_read_only(site: Site):
    version = site.publish(silver__a="1")

    assert (version / "silver/a").stat().st_mode & 0o222 == 0
    assert site.publish(silver__a="2").joinpath("silver/a").read_text() == "2"


def test_the_same_content_twice_changes_nothing(site: Site):
    version = site.publish(gold="1")
    before = {path: path.stat().st_ino for path in [version, *version.rglob("*")]}

    assert site.publish(gold="1") == version
    assert {path: path.stat().st_ino for path in [version, *version.rglob("*")]} == before
    assert site.versions() == {version.name}


def test_a_version_published_meanwhile_is_not_overwritten(site: Site):
    first = site.publish(gold="1").name
    files, digest = site.make(gold="2")
    second = site.publish(gold="3").name

    with pytest.raises(LateWrite) as caught:
        publish.publish(site.root, files, digest, expected=first)

    assert (caught.value.expected, caught.value.found) == (first, second)
    assert site.seen() == {"gold": "3"}


def test_the_first_version_is_not_overwritten_by_one_that_expected_none(site: Site):
    files, digest = site.make(gold="1")
    site.publish(gold="2")

    with pytest.raises(LateWrite):
        publish.publish(site.root, files, digest, expected=None)


def test_the_version_in_use_and_the_one_before_are_kept(site: Site):
    names = [site.publish(gold=str(turn)).name for turn in range(5)]

    assert site.versions() == set(names[-2:])


def test_going_back_to_the_version_before_keeps_both(site: Site):
    one, two = site.publish(gold="1").name, site.publish(gold="2").name

    assert site.publish(gold="1").name == one
    assert site.versions() == {one, two}
    assert site.seen() == {"gold": "1"}


def test_the_version_before_is_kept_even_where_a_younger_one_is_not(site: Site):
    one = site.publish(gold="1").name
    site.publish(gold="2")
    site.publish(gold="1")

    assert site.publish(gold="3").parent.joinpath(one).is_dir()
    assert len(site.versions()) == 2


def test_publishing_the_current_version_again_keeps_the_one_before(site: Site):
    names = {site.publish(gold="1").name, site.publish(gold="2").name, site.publish(gold="2").name}

    assert site.versions() == names


def damage(path: Path) -> None:
    """Write another file in its place, as an editor does."""
    path.unlink()
    path.write_text("damaged")


def replace_manifest(version: Path, text: str) -> None:
    damage(version / "MANIFEST.json")
    (version / "MANIFEST.json").write_text(text)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda version: damage(version / "silver/a"), id="a file is changed"),
        pytest.param(lambda version: (version / "silver/a").unlink(), id="a file is missing"),
        pytest.param(lambda version: (version / "silver/more").write_text("3"), id="a file is added"),
        pytest.param(lambda version: damage(version / "MANIFEST.json"), id="the manifest is changed"),
        pytest.param(lambda version: (version / "MANIFEST.json").unlink(), id="the manifest is missing"),
        pytest.param(lambda version: replace_manifest(version, '{"digest": "0"}'), id="the manifest is another's"),
        pytest.param(lambda version: replace_manifest(version, "[]"), id="the manifest is none"),
    ],
)
def test_a_version_that_was_damaged_is_made_again(site: Site, spoil):
    version = site.publish(silver__a="1", gold="2")
    whole = (version / "MANIFEST.json").read_bytes()
    spoil(version)

    assert site.publish(silver__a="1", gold="2") == version
    assert site.seen() == {"silver/a": "1", "gold": "2"}
    assert (version / "MANIFEST.json").read_bytes() == whole


def test_where_there_are_no_hard_links_files_are_copied(site: Site, monkeypatch: pytest.MonkeyPatch):
    def link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(publish.os, "link", link)
    site.publish(gold="1")

    assert site.seen() == {"gold": "1"}


@pytest.mark.parametrize("call", range(1, 4))
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_rename_leaves_the_old_version_or_the_new_one(
    site: Site, monkeypatch: pytest.MonkeyPatch, call: int, after: bool
):
    site.publish(silver="old", gold="old")
    renames = []

    def replace(source: Path, target: Path) -> None:
        renames.append(target)
        if len(renames) == call and not after:
            raise KeyboardInterrupt
        Path(source).rename(target)
        if len(renames) == call:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        files, digest = site.make(silver="new", gold="new")
        patch.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            publish.publish(site.root, files, digest, publish.current(site.root))
    assert len(renames) == call

    assert site.seen() in ({"silver": "old", "gold": "old"}, {"silver": "new", "gold": "new"})
    site.publish(silver="new", gold="new")
    assert site.seen() == {"silver": "new", "gold": "new"}


def test_a_folder_called_current_is_refused_with_its_name(site: Site):
    (site.root / "current" / "tables").mkdir(parents=True)

    with pytest.raises(OutputUnwritable) as caught:
        site.publish(gold="1")

    assert caught.value.path == str(site.root / "current")
    assert list(site.root.glob(f"{TEMPORARY}*")) == []
