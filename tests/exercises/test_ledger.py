"""The ledger keeps what was done, whatever happens to its file."""

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.exercises.ledger import append, read
from course_lib.exercises.standing import Event

PASSED = Event("check", "03_validation", "psi", "passed")
HINT = Event("hint", "03_validation", "psi", "2")


def test_events_are_read_in_the_order_they_were_written(tmp_path: Path):
    for event in (PASSED, HINT, PASSED):
        append(tmp_path / "new" / "progress.tsv", event)

    assert read(tmp_path / "new" / "progress.tsv") == [PASSED, HINT, PASSED]


def test_no_ledger_is_an_empty_one(tmp_path: Path):
    assert read(tmp_path / "progress.tsv") == []


@given(cut=st.integers(0, 200))
def test_a_line_cut_short_spoils_no_other(tmp_path_factory, cut: int):
    path = tmp_path_factory.mktemp("ledger") / "progress.tsv"
    append(path, PASSED)
    append(path, HINT)
    whole = path.read_bytes()
    cut = min(cut, len(whole))
    path.write_bytes(whole[:cut])
    complete = [event for event, end in ((PASSED, len("\t".join(PASSED))), (HINT, len(whole) - 1)) if cut >= end]

    append(path, PASSED)

    assert read(path) == [*complete, PASSED]


@given(noise=st.binary(max_size=60))
def test_nonsense_between_the_lines_is_passed_over(tmp_path_factory, noise: bytes):
    path = tmp_path_factory.mktemp("ledger") / "progress.tsv"
    append(path, PASSED)
    with path.open("ab") as file:
        file.write(noise.replace(b"\t", b" "))

    append(path, HINT)

    assert read(path) == [PASSED, HINT]


@pytest.mark.parametrize(
    "event",
    [
        Event("check", "03", "psi", "won"),
        Event("hint", "03", "psi", "4"),
        Event("cheque", "03", "psi", "passed"),
        Event("check", "03\t", "psi", "passed"),
        Event("check", "03", "psi\n", "passed"),
    ],
)
def test_an_event_that_nobody_knows_is_not_written(tmp_path: Path, event: Event):
    with pytest.raises(ValueError, match="not an event"):
        append(tmp_path / "progress.tsv", event)


def _write_many(path: Path, name: str) -> None:
    for _ in range(200):
        append(path, Event("check", "03_validation", name, "failed"))


def test_two_kernels_write_at_once_and_lose_nothing(tmp_path: Path):
    path = tmp_path / "progress.tsv"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, name)) for name in ("one", "two")]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    names = [event.exercise for event in read(path)]
    assert (names.count("one"), names.count("two")) == (200, 200)
