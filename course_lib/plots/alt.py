"""What does a picture show, for who does not see it?

A cell of a chapter may carry the words (`# %% alt="..."`); where it does not, or where somebody changed the cell, the
words are made of the figure's own title and axes. This file knows figures only by what they answer, so that it costs
nothing to import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_BY_CELL: list[Callable[[str], str | None]] = []


def tell_cells(words: Callable[[str], str | None]) -> None:
    """From now on ask `words` first: the text of a cell in, what its picture shows out (or None)."""
    _BY_CELL[:] = [words]


def of_cell(text: str) -> str | None:
    """What somebody wrote about the picture of the cell with this text."""
    return next((said for words in _BY_CELL if (said := words(text.strip()))), None)


def of_figure(figure: Any) -> str:
    """What a matplotlib figure says of itself: titles, axes with units, and the names of its lines."""
    told = []
    if getattr(figure, "_suptitle", None) is not None:
        told.append(figure.get_suptitle())
    for axes in getattr(figure, "axes", ()):
        title = next(
            (axes.get_title(loc=place) for place in ("left", "center", "right") if axes.get_title(loc=place)), ""
        )
        sides = [
            f"{side}: {words}" for side, words in (("across", axes.get_xlabel()), ("up", axes.get_ylabel())) if words
        ]
        if title or sides:
            told.append(". ".join(part for part in (title, "; ".join(sides)) if part))
        legend = axes.get_legend()
        if legend is not None:
            told.append(f"Shown: {', '.join(text.get_text() for text in legend.get_texts())}")
    return ". ".join(" ".join(part.split()).rstrip(".") for part in told) + "." if told else "A picture."
