"""Does every step find the columns it needs?

A composition of steps is closed when each column that a step reads is made upstream, with a type that fits. Found
before the first row moves, a gap costs a minute; found by the step that needs the column, it costs the night.

A type fits another when every value of it is a value of the other: int32 fits int64, and float64 (which holds all
whole numbers up to 2**53), but int64 does not fit float64.
"""

from __future__ import annotations

from typing import NamedTuple

from course_lib.dag.pipeline import Pipeline, Schema

_BITS = {
    **{f"int{bits}": ("int", bits - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": ("uint", bits) for bits in (8, 16, 32, 64)},
    "float": ("float", 24), "float32": ("float", 24), "double": ("float", 53), "float64": ("float", 53),
}  # fmt: skip  # kind, and how many bits of a whole number it holds exactly; Arrow says float and double
_KINDS_THAT_HOLD = {"int": ("int", "float"), "uint": ("uint", "int", "float"), "float": ("float",)}


class Gap(NamedTuple):
    """A column that `step` cannot get from `dataset`."""

    step: str
    dataset: str
    column: str  # empty where the whole dataset is missing
    needs: str  # the type the step relies on; empty with the column
    has: str | None  # the type that is there, None where there is none
    writer: str  # the step that makes it otherwise, or does not make it; empty for a source and for nobody

    def __str__(self) -> str:
        if not self.column:
            return f"{self.step} reads {self.dataset}, which nothing writes"
        told = f"as {self.has}" if self.has else "without it"
        whence = f"{self.writer} writes it {told}" if self.writer else f"it comes {told}"
        return f"{self.step} needs {self.dataset}.{self.column} as {self.needs}; {whence}"


def fits(given: str, needed: str) -> bool:
    """Whether every value of type `given` is a value of type `needed`.

    >>> fits("int32", "int64"), fits("int64", "int32"), fits("int32", "double"), fits("int64", "double")
    (True, False, True, False)
    """
    if given == needed:
        return True
    if given not in _BITS or needed not in _BITS:
        return False
    (kind, bits), (other, room) = _BITS[given], _BITS[needed]
    return other in _KINDS_THAT_HOLD[kind] and bits <= room


def gaps(pipeline: Pipeline) -> list[Gap]:
    """What is missing, by step in the order of the run, then by dataset and column; empty when P is closed.

    A dataset that several steps write has a column when all of them make it.
    """
    found = []
    for name in pipeline.order():
        for dataset, needed in sorted(pipeline.step(name).reads.items()):
            made = _made(pipeline, dataset)
            if not made:
                found.append(Gap(name, dataset, "", "", None, ""))
            found += [gap for writer, schema in made for gap in _lacking(name, dataset, needed, writer, schema)]
    return found


def _made(pipeline: Pipeline, dataset: str) -> list[tuple[str, Schema]]:
    if dataset in pipeline.sources:
        return [("", pipeline.sources[dataset])]
    return [(writer, pipeline.step(writer).writes[dataset]) for writer in pipeline.writers(dataset)]


def _lacking(step: str, dataset: str, needed: Schema, writer: str, made: Schema) -> list[Gap]:
    return [
        Gap(step, dataset, column, kind, made.get(column), writer)
        for column, kind in sorted(needed.items())
        if column not in made or not fits(made[column], kind)
    ]
