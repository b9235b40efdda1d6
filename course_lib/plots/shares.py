"""How are many counts brought into little room?

The largest keep their names and the rest becomes one; what is drawn too thin to see is drawn a little thicker. Neither
loses a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_lib.plots.words import count


def top(counts: Mapping[str, int], most: int = 8) -> list[tuple[str, int]]:
    """The largest counts first, those beyond `most` as one; names of equal counts in their own order.

    >>> top({"a": 1, "b": 5, "c": 2, "d": 0}, most=2)
    [('b', 5), ('2 more', 3)]
    """
    ranked = sorted(((name, n) for name, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0]))
    if len(ranked) <= most:
        return ranked
    rest = ranked[most - 1 :]
    return [*ranked[: most - 1], (f"{count(len(rest))} more", sum(n for _, n in rest))]


def lengths(rows: Sequence[int], whole: float, least: float) -> list[float]:
    """`whole` px shared out in proportion to `rows`, but none gets less than `least`; the larger ones pay for that.

    >>> lengths([90, 10, 0], whole=100, least=1), lengths([999, 1], whole=100, least=1.5)
    ([89.10000000000001, 9.9, 1], [98.5, 1.5])
    """
    if least * len(rows) >= whole or not any(rows):
        return [whole / len(rows)] * len(rows)
    found, small = [0.0] * len(rows), set[int]()
    while True:  # raising one share to the least may push another one below it
        rest = sum(n for i, n in enumerate(rows) if i not in small)
        room = whole - least * len(small)
        found = [least if i in small else room * (n / rest) for i, n in enumerate(rows)]
        below = {i for i, length in enumerate(found) if i not in small and length < least}
        if not below:
            return found
        small |= below
