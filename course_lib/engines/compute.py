"""What must be true of an engine that computes?

Given canonical trips as Parquet, its answer is the oracle's, byte for byte: on generated trips with defects, on rows at
the edges of every rule, and on nothing. The adapter has one function:

    zone_hour(trips: Path, answer: Path) -> None     trips: a folder of *.parquet; answer: the CSV to write
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from course_lib.engines import inputs
from course_lib.engines.inputs import Given
from course_lib.engines.registry import Engine
from course_lib.engines.running import Result, call
from course_lib.errors import ContractBroken

FEW = 5_000  # trips


def agrees(engine: Engine, folder: Path, given: Sequence[Given]) -> Result:
    """Have the engine do the job on each of `given`, in one process. Raises ContractBroken for a wrong answer."""
    answers = [folder / f"answer-{number}.csv" for number in range(len(given))]
    asked = [{"trips": one.folder, "answer": answer} for one, answer in zip(given, answers, strict=True)]
    result = call(engine, "zone_hour", folder, *asked)
    for number, (one, answer) in enumerate(zip(given, answers, strict=True)):
        found = answer.read_bytes() if answer.is_file() else b""
        if found != one.answer:
            raise ContractBroken(f"{engine.name} on input {number}", difference(one.answer, found))
    return result


def difference(wanted: bytes, found: bytes) -> str:
    r"""Where two answers differ first, for a person who must find out why.

    >>> difference(b"hour\n8,1\n", b"hour\n8,2\n")
    "line 2 is '8,2' instead of '8,1'"
    """
    ours, theirs = wanted.decode(errors="replace").split("\n"), found.decode(errors="replace").split("\n")
    for number, (line, other) in enumerate(zip(ours, theirs, strict=False), 1):
        if line != other:
            return f"line {number} is {other!r} instead of {line!r}"
    return f"{len(theirs) - 1:,} lines instead of {len(ours) - 1:,}"


def small(folder: Path) -> list[Given]:
    """A few trips, the edges, and nothing."""
    few = inputs.generated(folder / "few", FEW)
    return [few, inputs.edges(folder / "edges"), inputs.nothing(folder / "nothing")]


def equal_to_the_oracle(engine: Engine, folder: Path) -> str:
    """The answer is the oracle's, byte for byte: defects, ties, and nothing at all."""
    given = small(folder / "given")
    agrees(engine, folder, given)
    lines = sum(one.answer.count(b"\n") - 1 for one in given)
    return f"{sum(one.rows for one in given):,} rows, {lines:,} lines of answers"


CHECKS = {"equal to the oracle": equal_to_the_oracle}
