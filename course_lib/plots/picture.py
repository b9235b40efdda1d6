"""What is a picture, beside its drawing?

A finding (the title, in words computed from the data), what is shown in which units, the numbers as a table for who
cannot or will not look, and the drawing itself, which is made anew for each width it is shown at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from course_lib.plots.svg import drawing, el, joined, label
from course_lib.plots.words import printable

NOTEBOOK = 860  # px: the text column of a notebook

Drawing = Callable[[float, str], Markup]  # (width in px, a key that is unique on the page) to SVG


@dataclass(frozen=True)
class Picture:
    """A picture that shows itself in a notebook; its texts are plain and are escaped where they are written."""

    title: str  # the finding
    shows: str  # what is drawn, with units; empty where nothing is
    draw: Drawing
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""  # what a careful reader has to know

    def svg(self, width: float = NOTEBOOK, key: str = "picture") -> Markup:
        """The drawing for a column of `width` px; `key` is unique on the page."""
        return self.draw(width, key)

    def save(self, path: Path, width: float = NOTEBOOK) -> None:
        """Write the drawing as an SVG file."""
        path.write_text(self.svg(width) + "\n", encoding="utf-8")

    def table(self) -> Markup:
        """The numbers behind the drawing, as an HTML table; empty where there are none."""
        if not self.rows:
            return Markup("")
        head = el("tr", *(el("th", name, scope="col") for name in self.columns))
        body = (
            el("tr", el("th", printable(row[0]), scope="row"), *(el("td", printable(cell)) for cell in row[1:]))
            for row in self.rows
        )
        return el("table", el("thead", head), el("tbody", *body))

    def _repr_html_(self) -> str:
        parts = [el("h4", printable(self.title, 600)), el("p", printable(self.shows, 600)), self.svg()]
        if self.note:
            parts.append(el("p", printable(self.note, 600)))
        if self.rows:
            parts.append(el("details", el("summary", "As a table"), self.table()))
        return el("div", joined(parts))


def nothing(title: str, why: str) -> Picture:
    """The picture of no data: it says so, and why."""

    def draw(width: float, key: str) -> Markup:
        words = label(width / 2, 40, why, anchor="middle", muted=True, within=width - 16)
        frame = el(
            "rect", x=0.5, y=0.5, width=width - 1, height=67, rx=6, fill="none", stroke="currentColor",
            stroke_opacity=0.25, stroke_dasharray="4 4",
        )  # fmt: skip
        return drawing(width, 68, f"{title}. {why}", frame, words)

    return Picture(title, "", draw)
