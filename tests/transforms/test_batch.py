"""From files to silver, quarantine and gold: nothing lost, every reason named, one row a trip, whatever comes in."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from course_lib import reference
from course_lib.storage import digests
from course_lib.storage.atomic import TEMPORARY
from course_lib.storage.records import Done
from course_lib.transforms import batch, steps
from tests.transforms import oracle
from tests.transforms.oracle import Answer, Row
from tests.transforms.trip_tables import (
    GOOD,
    INPUTS,
    ODD,
    SIZES,
    STARTS,
    Built,
    Input,
    Size,
    audited,
    build,
    cut_into,
    write,
)

# A failure is shown as it was found: to shrink one, with its files, takes minutes.
QUICK = settings(max_examples=15, phases=[Phase.explicit, Phase.generate])


def names_in(folder: Path, paths: Sequence[Path]) -> list[str]:
    """Each path relative to the common folder of them all, as ingestion names it."""
    top = folder if len({path.parent for path in paths}) > 1 else paths[0].parent
    return [path.relative_to(top).as_posix() for path in paths]


def expected(folder: Path, paths: Sequence[Path], files: Sequence[Input]) -> Answer:
    named = zip(names_in(folder, paths), files, strict=True)
    return oracle.answer([oracle.ingest(name, file.rows) for name, file in named])


def lines(rows: Sequence[Row]) -> list[str]:
    """Rows as a bag that can be compared, and read where it differs."""
    return sorted(repr([row[name] for name in oracle.COLUMNS]) for row in rows)


def assert_equal(built: Built, answer: Answer) -> None:
    """What was built is what the oracle says, to the last row, reason, count and byte of gold."""
    silver = built.rows(built.silver_parts)
    assert lines(silver) == lines(answer.silver)
    kept = [(lines([r])[0], r["reasons"], r["raw"] is not None) for r in built.rows(built.silver.quarantine)]
    assert sorted(kept) == sorted((lines([row])[0], why, odd) for row, why, odd in answer.quarantine)
    fates = [(f.rows_read, f.rows_silver, f.rows_quarantined, f.rows_duplicate) for f in built.silver.files]
    assert fates == [answer.fates[name] for name in sorted(answer.fates, key=str.encode)]
    assert built.silver.broken == answer.broken
    assert built.demand == reference.zone_hour_demand(answer.silver)


@QUICK
@given(INPUTS, SIZES)
def test_the_batch_path_is_the_slow_job_row_by_row(files: list[Input], size: Size):
    with tempfile.TemporaryDirectory() as folder, cut_into(size):
        paths = write(Path(folder) / "in", files)
        built = build(paths, Path(folder) / "work")

        assert_equal(built, expected(Path(folder) / "in", paths, files))
        assert audited(built) == []


@pytest.mark.full
@settings(QUICK, max_examples=150)
@given(INPUTS, SIZES)
def test_the_batch_path_is_the_slow_job_row_by_row_at_length(files: list[Input], size: Size):
    with tempfile.TemporaryDirectory() as folder, cut_into(size):
        paths = write(Path(folder) / "in", files)
        built = build(paths, Path(folder) / "work")

        assert_equal(built, expected(Path(folder) / "in", paths, files))
        assert audited(built) == []


# --- one workspace, several runs -----------------------------------------------------------------------------------

MANY = Size(unit=12, small=4, strays=40, hashes=20)


def town(seed: int, name: str, rows: int = 14, group: int = 6, plain: bool = True) -> Input:
    """A file of fixed random rows of the same few trips; odd values in every third row."""
    draw = random.Random(seed)
    made = []
    for _ in range(rows):
        start = draw.choice(STARTS[:3])
        row = GOOD | {
            "trip_id": draw.randrange(1, 40), "pickup_at": start, "dropoff_at": start + timedelta(minutes=10),
            "fare_cents": draw.choice((500, 500, 750, -500)), "pickup_zone": draw.choice((7, 8)),
            "updated_at": draw.choice((None, start)), "vehicle_id": draw.choice((None, 1, 2)),
        }  # fmt: skip
        made.append(row | dict(draw.sample(ODD, draw.choice((0, 0, 1)))))
    return Input(name, made, group, plain)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Three files, A being much larger than the others."""
    (tmp_path / "in").mkdir()
    files = [town(1, "a_2020-10.parquet", rows=30), town(2, "b.parquet", plain=False), town(3, "c_2020-09.parquet")]
    return dict(zip("ABC", write(tmp_path / "in", files), strict=True))


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Which file lies where, whether or not its bytes are equal."""
    found = {}
    for path in folder.rglob("*"):
        seen = path.stat()
        found[path.relative_to(folder).as_posix()] = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
    return found


def watching(reused: Counter[bool]) -> batch.Executor:
    """An executor that counts which steps an earlier run had done."""

    def run(step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]) -> list[Any]:
        results = batch.in_this_process(step, work, calls, names)
        reused.update((r if isinstance(r, Done) else r[0]).reused for r in results)
        return results

    return run


def test_a_second_run_does_nothing_again_and_touches_no_file(places: dict[str, Path], tmp_path: Path):
    work = tmp_path / "work"
    with cut_into(MANY):
        worked = Counter[bool]()
        first = build(places.values(), work, watching(worked))
        before, reused = state(work), Counter[bool]()
        second = build(places.values(), work, watching(reused))

    assert state(work) == before
    assert reused == {True: worked[False]}
    assert second.silver == first.silver


def test_a_workspace_that_was_moved_is_still_done(places: dict[str, Path], tmp_path: Path):
    with cut_into(MANY):
        first = build(places.values(), tmp_path / "here")
        (tmp_path / "here").rename(tmp_path / "there")
        reused = Counter[bool]()
        second = build(places.values(), tmp_path / "there", watching(reused))
        assert reused[False] == 0
        shutil.rmtree(tmp_path / "there" / "records" / "refine")
        third = build(places.values(), tmp_path / "there")

    assert second.digests == third.digests
    assert second.silver == first.silver


@pytest.mark.parametrize("inputs", [("AB", "A", "AC"), ("ABC", "C", "B"), ("B", "ABC", "B")])
def test_what_earlier_runs_left_in_the_workspace_does_not_show(
    places: dict[str, Path], tmp_path: Path, inputs: tuple[str, ...]
):
    with cut_into(MANY):
        for chosen in inputs:
            paths = [places[name] for name in chosen]
            alone = build(paths, tmp_path / f"alone-{chosen}")
            shared = build(paths, tmp_path / "shared")

            assert shared.digests == alone.digests, f"the run of {chosen} among {inputs}"
            assert digests.of_folder(shared.tables) == alone.digests, "who reads the folder sees this run alone"
            assert shared.silver == alone.silver


def test_a_file_that_changed_is_read_again(places: dict[str, Path], tmp_path: Path):
    with cut_into(MANY):
        build(places.values(), tmp_path / "work")
        write(tmp_path / "in", [town(9, "b.parquet")])
        again = build(places.values(), tmp_path / "work")
        fresh = build(places.values(), tmp_path / "fresh")

    assert again.digests == fresh.digests


def test_the_order_in_which_files_are_named_does_not_count(places: dict[str, Path], tmp_path: Path):
    with cut_into(MANY):
        one = build([places[name] for name in "ABC"], tmp_path / "one")
        other = build([places[name] for name in "CAB"], tmp_path / "other")

    assert one.digests == other.digests


# --- killed and resumed --------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone; it cleans nothing up."""


@contextmanager
def killed_at(call: int, after: bool) -> Iterator[list[str]]:
    """A block that dies at the `call`-th rename, before or after it; gives the names of all renames."""
    renames: list[str] = []
    dead = False

    def unless_dead(do: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **named: Any) -> Any:
            if dead:
                raise Killed
            return do(*arguments, **named)

        return guarded

    def replace(source: Path, target: Path) -> None:
        nonlocal dead
        renames.append(Path(target).name)
        dead = dead or (len(renames) == call and not after)
        if dead:
            raise Killed
        Path(source).rename(target)
        if len(renames) == call:
            dead = True
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((Path, "unlink"), (shutil, "rmtree"), (Path, "mkdir")):
            patch.setattr(owner, name, unless_dead(getattr(owner, name)))
        patch.setattr(os, "replace", replace)
        yield renames


def resumed_everywhere(places: dict[str, Path], tmp_path: Path, every: int) -> None:
    with cut_into(MANY):
        whole = build(places.values(), tmp_path / "whole")
        with killed_at(-1, after=False) as renames:
            build(places.values(), tmp_path / "counted")
        assert len(renames) > 50
        for call in range(1, len(renames) + 1, every):
            work = tmp_path / f"killed-{call}"
            with killed_at(call, after=call % 2 == 0) as seen, pytest.raises(Killed):
                build(places.values(), work)
            assert len(seen) == call
            done = len(list((work / "records").rglob("*.json"))) if (work / "records").exists() else 0
            done -= len(list(work.rglob(f"records/**/{TEMPORARY}*")))
            steps._candidates.cache_clear()
            reused = Counter[bool]()
            built = build(places.values(), work, watching(reused))

            assert built.digests == whole.digests, f"killed at rename {call}, of {seen[-1]}"
            assert built.silver == whole.silver
            assert reused[True] == done, "what was finished is not done again"
            shutil.rmtree(work)


def test_a_run_killed_at_any_rename_resumes_to_the_same_bytes(places: dict[str, Path], tmp_path: Path):
    resumed_everywhere(places, tmp_path, every=15)


@pytest.mark.full
def test_a_run_killed_at_every_rename_resumes_to_the_same_bytes(places: dict[str, Path], tmp_path: Path):
    resumed_everywhere(places, tmp_path, every=1)


def test_a_trip_id_in_every_row_sends_one_row_of_each_unit_to_be_compared(tmp_path: Path):
    """Otherwise one bucket would hold the whole input, however large it is."""
    (tmp_path / "in").mkdir()
    rows = [GOOD | {"updated_at": STARTS[0] + timedelta(seconds=n)} for n in range(60)]
    paths = write(tmp_path / "in", [Input("same.parquet", rows, 10, True)])
    strays: list[int] = []

    def run(step: str, work: Callable[..., Any], calls: Sequence[tuple], names: Sequence[str]) -> list[Any]:
        found = [work(*call) for call in calls]
        strays.extend(done.found["strays"] for done in found if step == "refine")
        return found

    with cut_into(Size(unit=10, small=4, strays=40, hashes=20)):
        built = build(paths, tmp_path / "work", run)

    assert strays == [1] * 6
    assert [row["updated_at"] for row in built.rows(built.silver_parts)] == [rows[-1]["updated_at"]]
    assert built.silver.total("rows_duplicate") == 59
