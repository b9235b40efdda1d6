"""What becomes of a message that cannot be read?

It must not stop the messages behind it, and it must not vanish: it becomes a dead letter, with its bytes, its place and
the reason, and is counted. When the reader is mended, dead letters are read again like any other source.

Pure. sink.py stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

Read = TypeVar("Read")


class DeadLetter(NamedTuple):
    """What could not be read, with the reason and the place it came from: enough to mend it and send it again."""

    source: str  # topic, file, table
    place: str  # within the source: partition and offset, line
    reason: str
    payload: bytes | None


class Sorted(NamedTuple):
    """What could be read, in order, and what could not."""

    good: list
    dead: list[DeadLetter]


def sort_letters(
    letters: Iterable[tuple[str, bytes | None]], read: Callable[[bytes | None], Read], source: str
) -> Sorted:
    """Every letter (place, payload) of `source` either read or dead; none is lost.

    `read` raises ValueError, KeyError or TypeError for what it cannot read. Any other error is one of the reader,
    not of the letter, and is raised: burying the whole topic because of a typo would help nobody.

    >>> found = sort_letters([("0", b"7"), ("1", b"seven")], int, "trips")
    >>> found.good, found.dead[0].place, found.dead[0].payload
    ([7], '1', b'seven')
    """
    good: list[Read] = []
    dead: list[DeadLetter] = []
    for place, payload in letters:
        try:
            good.append(read(payload))
        except (ValueError, KeyError, TypeError) as error:
            dead.append(DeadLetter(source, place, f"{type(error).__name__}: {error}", payload))
    return Sorted(good, dead)
