"""A child that is killed at a step leaves what is on disk and what it told, and nothing else."""

from pathlib import Path

import pytest

from course_lib.exercises.protocol.fixtures import fixture


def copy(poll, commit, path: Path) -> str:
    for _ in range(3):
        row = poll()
        with path.open("a") as file:
            file.write(f"{row}\n")
        commit(row)
    return "done with it"


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_call_is_a_step(tmp_path: Path, when: str):
    for step in range(1, 8):
        rows, committed, path = iter(range(9)), [], tmp_path / f"{step}"
        with fixture("killed_at") as killed:
            ended = killed.run(copy, lambda rows=rows: next(rows), committed.append, path, step=step, when=when)

        assert ended == ("killed" if step < 7 else "done")
        assert len(committed) == (step // 2 if when == "after" else (step - 1) // 2)
        written = path.read_text().split() if path.exists() else []
        assert len(written) == min(step // 2, 3)  # closed before its commit was asked for
        assert killed.value == ("done with it" if step == 7 else None)


def test_every_line_is_a_step(tmp_path: Path):
    with fixture("killed_at") as killed:
        found = [
            killed.run(copy, lambda: 1, lambda row: None, tmp_path / f"{line}", step=line, at="lines")
            for line in range(1, 30)
        ]

    lived = found.index("done")
    assert found == ["killed"] * lived + ["done"] * (len(found) - lived) and lived > 10


def test_no_handler_sees_the_kill(tmp_path: Path):
    def careful(note):
        try:
            note("begun")
        finally:
            (tmp_path / "finally").write_text("saw it")

    with fixture("killed_at") as killed:
        assert killed.run(careful, lambda text: None, step=1) == "killed"
    assert not (tmp_path / "finally").exists()


def test_an_error_is_told():
    def fails(note):
        raise ValueError("no")

    with fixture("killed_at") as killed:
        assert killed.run(fails, print, step=1) == "raised"
        assert killed.error == "ValueError: no"


def test_an_error_of_a_passed_function_reaches_the_child():
    def tries(note):
        try:
            note()
        except LookupError as error:
            return f"caught {error}"

    def lacks():
        raise LookupError("nothing")

    with fixture("killed_at") as killed:
        assert killed.run(tries, lacks, step=2) == "done"
        assert killed.value == "caught nothing"


def test_a_step_that_is_none_is_refused():
    with fixture("killed_at") as killed, pytest.raises(ValueError, match="from 1"):
        killed.run(print, step=0)


def test_a_fixture_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="virtual_clock"):
        fixture("sundial")
