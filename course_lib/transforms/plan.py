"""Into which pieces is the input cut, so that memory is bounded by a piece and not by the input?

A unit is a run of whole row groups of one bronze file, at most UNIT rows (one row group where that is larger). Keys
that need the whole input are cut by hash into buckets. The cut depends on the input alone, never on the number of
workers, so the same input gives the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

UNIT = 1 << 19  # rows
HASHES = 1 << 24  # hashes that are sorted at a time: 64 MB
STRAYS = 1 << 21  # rows that are compared with each other at a time
SMALL = 1 << 14  # a partition's rows in a unit become a part of their own from here on; below, they are pooled


FATES = ("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate")


@dataclass(frozen=True)
class Bronze:
    """One landed file.

    path        the Parquet file; with `landed` False, the input itself, whose columns are canonical already
    name        path relative to the inputs' common folder: the source_file of its rows
    published   canonical fields that its header version publishes
    month       (year, month) in its name, or None
    groups      rows of each row group
    """

    number: int
    path: str
    name: str
    given: str
    header: str
    landed: bool
    published: frozenset[str]
    month: tuple[int, int] | None
    groups: tuple[int, ...]

    @property
    def rows(self) -> int:
        return sum(self.groups)


class Unit(NamedTuple):
    """Row groups [first, last) of a bronze file, and the number of rows before them."""

    file: Bronze
    first: int
    last: int
    before: int

    @property
    def rows(self) -> int:
        return sum(self.file.groups[self.first : self.last])

    @property
    def name(self) -> str:
        """A name for the unit's files: the number of the file and of its first row group."""
        return f"{self.file.number:05}-{self.first:05}"


def units(file: Bronze, rows: int = UNIT) -> list[Unit]:
    """The units of one file, in order; none when it has no rows.

    >>> file = Bronze(0, "", "a", "a", "h", True, frozenset(), None, (300, 300, 900, 100))
    >>> [(unit.first, unit.last, unit.before) for unit in units(file, rows=700)]
    [(0, 2, 0), (2, 3, 600), (3, 4, 1500)]
    """
    cut: list[Unit] = []
    first = before = taken = 0
    for group, size in enumerate(file.groups):
        if taken and taken + size > rows:
            cut.append(Unit(file, first, group, before))
            first, before, taken = group, before + taken, 0
        taken += size
    if taken:
        cut.append(Unit(file, first, len(file.groups), before))
    return cut


def buckets(rows: int, size: int, most: int = 256) -> int:
    """Into how many buckets `rows` rows are cut so that each holds about `size`.

    >>> buckets(0, 100), buckets(100, 100), buckets(101, 100)
    (1, 1, 2)
    """
    return min(max(1, -(-rows // size)), most)
