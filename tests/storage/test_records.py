"""A step is done once, and again when its record or its outputs say no more that it was."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from course_lib.storage import records
from course_lib.storage.records import Done, code_version, key_of, once


class Step:
    """A step that writes two files, and counts how often it works."""

    def __init__(self, folder: Path):
        self.outputs, self.record, self.worked = folder / "out", folder / "records" / "step.json", 0

    def work(self) -> dict[str, Any]:
        self.worked += 1
        self.outputs.mkdir(parents=True, exist_ok=True)
        for name in ("a", "b"):
            (self.outputs / name).write_text(f"{name} in turn")
        return {"rows": (1, 2), "turn": self.worked, "files": ["a", "b"]}

    def __call__(self, key: str = "key") -> Done:
        return once(self.record, key, self.outputs, self.work)


def retouched(path: Path, text: str) -> None:
    """Other text of the same length, by another hand, some time after."""
    before = path.stat()
    assert len(text) == before.st_size
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def test_a_finished_step_is_not_done_again_and_says_the_same(step: Step):
    first, second = step(), step()

    assert step.worked == 1
    assert (first.reused, second.reused) == (False, True)
    assert first.found == second.found == {"rows": [1, 2], "turn": 1, "files": ["a", "b"]}
    assert first.key == second.key == "key"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda step: (step.outputs / "a").unlink(), id="an output is missing"),
        pytest.param(lambda step: (step.outputs / "b").write_text("b in tur"), id="an output is shorter"),
        pytest.param(lambda step: (step.outputs / "b").write_text("b in turns"), id="an output is longer"),
        pytest.param(lambda step: retouched(step.outputs / "b", "B in turn"), id="an output of its size is another"),
        pytest.param(lambda step: step.record.unlink(), id="the record is missing"),
        pytest.param(lambda step: step.record.write_bytes(step.record.read_bytes()[:-5]), id="the record is cut short"),
        pytest.param(lambda step: step.record.write_bytes(b""), id="the record is empty"),
        pytest.param(lambda step: step.record.write_bytes(b"\0" * 90), id="the record is zeros, as after a power cut"),
        pytest.param(lambda step: step.record.write_text("[]"), id="the record is something else"),
        pytest.param(lambda step: step.record.write_text('{"key": "key"}'), id="the record is of another form"),
    ],
)
def test_a_step_whose_record_or_outputs_are_spoiled_is_done_again(step: Step, spoil: Callable[[Step], object]):
    step()
    spoil(step)

    again = step()

    assert (again.reused, step.worked) == (False, 2)
    assert step().reused


def test_a_step_under_another_key_is_done_again_and_forgets_the_first(step: Step):
    step("one")

    assert not step("other").reused
    assert not step("one").reused


def test_a_step_that_fails_leaves_no_record_not_even_the_old_one(step: Step):
    step("one")

    def work() -> dict[str, Any]:
        (step.outputs / "a").write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(step.record, "other", step.outputs, work)

    assert not step.record.exists()
    assert not step("one").reused


def test_a_step_without_outputs_is_kept_by_its_record_alone(tmp_path: Path):
    done = [once(tmp_path / "r.json", "k", tmp_path, lambda: {"rows": 3}) for _ in range(2)]

    assert [d.reused for d in done] == [False, True]


def test_a_step_that_names_an_output_it_did_not_write_is_never_taken_as_done(tmp_path: Path):
    for _ in range(2):
        assert not once(tmp_path / "r.json", "k", tmp_path, lambda: {"files": ["promised"]}).reused


@pytest.mark.parametrize(
    "other", [("step", 1, "x"), ("step", 2), ("other", 1), ("step", [1]), ("step", "1"), ("step", {"a": 1})]
)
def test_keys_differ_with_the_step_and_each_input(other: tuple):
    assert key_of(*other) != key_of("step", 1)
    assert key_of(*other) == key_of(*other)


@pytest.fixture
def version_now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Gives the code version where the file `changed` and the libraries `version` are not what they were."""

    def version(changed: Path | None = None, libraries: str = "1.0") -> str:
        monkeypatch.setattr(records.digests, "of_file", lambda path: "changed" if path == changed else path.name)
        monkeypatch.setattr(records.importlib.metadata, "version", lambda name: libraries)
        code_version.cache_clear()
        return code_version()

    yield version
    code_version.cache_clear()


@pytest.mark.parametrize(
    "path",
    [
        "trips/headers.toml", "trips/contract.py", "aggregates/grouped.py", "storage/layout.py", "ingestion/read.py",
        "validation/checks.py", "transforms/gold.py", "features/build.py", "models/training.py",
    ],
)  # fmt: skip
def test_the_code_version_changes_with_each_file_that_tables_or_models_are_made_by(version_now, path: str):
    source = Path(records.__file__).parents[1] / path

    assert source.exists()
    assert version_now(changed=source) != version_now()
    assert version_now() == version_now()


def test_the_code_version_changes_with_the_libraries(version_now):
    assert version_now(libraries="2.0") != version_now()


def test_keys_hold_the_code_version(monkeypatch: pytest.MonkeyPatch):
    before = key_of("step")
    monkeypatch.setattr(records, "code_version", lambda: "another")

    assert key_of("step") != before


def test_a_record_is_json_that_a_person_can_read(step: Step):
    step()
    states = {name: (step.outputs / name).stat() for name in ("a", "b")}

    assert json.loads(step.record.read_text()) == {
        "key": "key",
        "found": {"rows": [1, 2], "turn": 1, "files": ["a", "b"]},
        "outputs": {name: [9, state.st_mtime_ns] for name, state in states.items()},
    }


def test_an_output_under_a_second_name_or_a_stricter_mode_is_the_same(step: Step):
    """What publishing does to an output is no change."""
    step()
    os.link(step.outputs / "a", step.outputs / "published")
    (step.outputs / "a").chmod(0o444)

    assert step().reused


def test_a_folder_that_is_moved_or_copied_with_its_times_is_known_again(step: Step, tmp_path: Path):
    step()
    shutil.copytree(step.outputs, tmp_path / "copy")  # with copy2, as `cp -a` does

    assert once(step.record, "key", tmp_path / "copy", step.work).reused
