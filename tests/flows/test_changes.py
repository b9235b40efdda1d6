"""Inputs that change while they are read are noticed, and nothing made of them is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.errors import StepFailed, UnreadableFile
from course_lib.flows.changes import blaming_the_input
from course_lib.ingestion.discover import discover
from course_lib.transforms.steps import Workspace, ingest
from tests.ingestion.trip_files import GREEN, ROW, write


def test_an_input_that_changes_while_it_is_read_leaves_nothing_and_no_record(tmp_path: Path):
    path, space = write(tmp_path, f"{GREEN}\n{ROW}\n"), Workspace(tmp_path / "work")
    (source,) = discover([path]).files
    path.write_text(f"{GREEN}\n{ROW}\n{ROW}\n")

    with pytest.raises(UnreadableFile, match="changed while it was read"):
        ingest(space, source, 0)

    assert [left for left in space.root.rglob("*") if left.is_file()] == []
    (source,) = discover([path]).files
    assert ingest(space, source, 0)[1].rows == 2


@pytest.mark.parametrize("begun", [True, False])
def test_what_breaks_because_an_input_has_changed_is_told_as_that_and_its_records_go(tmp_path: Path, begun: bool):
    path = write(tmp_path, f"{GREEN}\n{ROW}\n")
    records, sources = tmp_path / "records", discover([path]).files
    for name in ("ingest/00000.json", "refine/00000-00000.json", "generate.json") if begun else ():
        write(records, "{}", name)

    with pytest.raises(UnreadableFile, match=r"no such file") as caught, blaming_the_input(sources, records):
        path.unlink()
        raise KeyError("service")

    assert isinstance(caught.value.__cause__, KeyError)
    left = {found.name for found in records.rglob("*.json")}
    assert left == ({"00000.json", "generate.json"} if begun else set())


@pytest.mark.parametrize("error", [KeyError("x"), StepFailed("index", "why")])
def test_what_breaks_while_the_inputs_stay_is_raised_as_it_is(tmp_path: Path, error: Exception):
    sources = discover([write(tmp_path, f"{GREEN}\n{ROW}\n")]).files

    with pytest.raises(type(error)) as caught, blaming_the_input(sources, tmp_path):
        raise error

    assert caught.value is error
