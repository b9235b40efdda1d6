"""How does it go up and down?

Lines over one axis from zero. Each line has its colour, its dash and its name at its end, so it is known without the
colour; a value that is missing breaks its line, and never reads as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from course_lib.plots.picture import Drawing
from course_lib.plots.svg import (
    COMPACT,
    SMALL,
    drawing,
    el,
    ink,
    joined,
    label,
    paint,
    rule,
    scale,
    spread,
    text_width,
    ticks,
    tip,
)
from course_lib.plots.words import compact, decimal, known

LEGEND = 640  # px: narrower drawings name their lines in a legend above, as there is no room at their ends

Axis = Callable[[float], Sequence[tuple[float, str]]]  # width in px to (position, text)


class Line(NamedTuple):
    """One line; `values` stand at the positions of the drawing, None where there is none."""

    name: str
    colour: str
    dash: str  # of SVG; empty is solid
    values: tuple[float | None, ...]


def hours_axis(width: float) -> list[tuple[float, str]]:
    """The hours of a day, every third or sixth."""
    return [(hour, f"{hour:02}:00") for hour in range(0, 24, 6 if width < COMPACT else 3)]


def curves(lines: Sequence[Line], positions: Sequence[float], axis: Axis, unit: str, across: str, told: str, *,
           tell: Callable[[float], str], fill: bool = False) -> Drawing:  # fmt: skip
    """Draws `lines` at `positions` over the axis `across`; `tell` names a position in tips, `fill` shades one line."""
    at_all = [value for line in lines for value in line.values if known(value)]
    marks = ticks(max(at_all, default=0.0))
    named = len(lines) > 1
    low, high = min(positions), max(positions)

    def draw(width: float, key: str) -> Markup:
        phone = width < LEGEND
        height, head, foot = (190.0 if phone else 230.0), (44.0 if phone and named else 24.0), 40.0
        left = max(text_width(compact(m), SMALL) for m in marks) + 8
        names = max(text_width(line.name) for line in lines) + 14 if named and not phone else 10.0
        bottom = head + height
        x = scale(low, high, left, width - names) if high > low else scale(low - 1, low + 1, left, width - names)
        y = scale(0, marks[-1], bottom, head)

        parts = []
        for mark in marks:
            parts.append(rule(left, y(mark), width - names, y(mark), strong=mark == 0))
            parts.append(label(left - 6, y(mark) + 4, compact(mark), anchor="end", size=SMALL, muted=True))
        for position, text in axis(width):
            parts.append(rule(x(position), bottom, x(position), bottom + 4, strong=True))
            room = text_width(text, SMALL) / 2
            parts.append(label(min(max(x(position), room), width - room), bottom + 17, text, anchor="middle",
                               size=SMALL, muted=True))  # fmt: skip
        parts.append(label(0, head - 11 if not (phone and named) else 34, unit, size=SMALL, muted=True))
        parts.append(label((left + width - names) / 2, bottom + 34, across, anchor="middle", size=SMALL, muted=True))
        for line in reversed(lines):
            parts += _line(line, positions, x, y, fill and not named, bottom)
        parts += _dots(lines, positions, x, y, tell, unit)
        parts += _names(lines, positions, x, y, width, head, bottom, phone) if named else []
        return drawing(width, bottom + foot, told, joined(parts))

    return draw


def _line(line: Line, positions: Sequence[float], x: Callable, y: Callable, fill: bool, bottom: float) -> list[Markup]:
    parts, stretch = [], []  # type: list[Markup], list[tuple[float, float]]
    for position, value in [*zip(positions, line.values, strict=True), (0.0, None)]:
        if known(value):
            stretch.append((x(position), y(value)))
            continue
        if len(stretch) == 1:
            parts.append(el("circle", cx=stretch[0][0], cy=stretch[0][1], r=3, **paint(line.colour)))
        elif stretch:
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in stretch)
            if fill:
                area = f"{stretch[0][0]:.1f},{bottom:.1f} {points} {stretch[-1][0]:.1f},{bottom:.1f}"
                parts.append(el("polygon", points=area, fill_opacity=0.14, **paint(line.colour)))
            parts.append(
                el("polyline", points=points, stroke_width=2.25, stroke_linejoin="round",
                   stroke_dasharray=line.dash or None, **ink(line.colour))
            )  # fmt: skip
        stretch = []
    return parts


def _dots(lines: Sequence[Line], positions: Sequence[float], x: Callable, y: Callable, tell: Callable[[float], str],
          unit: str) -> list[Markup]:  # fmt: skip
    """Places to rest the pointer: unseen, one a position, that tell the values there."""
    parts = []
    for i, position in enumerate(positions):
        values = [(line.name, line.values[i]) for line in lines if known(line.values[i])]
        if values:
            words = "; ".join(f"{name} {decimal(value)} {unit}" for name, value in values)
            top = min(y(value) for _, value in values)
            parts.append(el("circle", tip(f"{tell(position)}: {words}"), cx=x(position), cy=top, r=7, fill_opacity=0))
    return parts


def _names(lines: Sequence[Line], positions: Sequence[float], x: Callable, y: Callable, width: float, head: float,
           bottom: float, phone: bool) -> list[Markup]:  # fmt: skip
    drawn = [line for line in lines if any(known(value) for value in line.values)]
    parts, along = [], 0.0
    ends = [next(value for value in reversed(line.values) if known(value)) for line in drawn]
    places = spread([y(end) for end in ends], 17, head, bottom)
    for line, place in zip(drawn, places, strict=True):
        if phone:
            parts.append(el("line", x1=along, y1=10, x2=along + 22, y2=10, stroke_width=2.5,
                            stroke_dasharray=line.dash or None, **ink(line.colour)))  # fmt: skip
            parts.append(label(along + 27, 14.5, line.name, size=SMALL))
            along += 27 + text_width(line.name, SMALL) + 12
        else:
            start = width - max(text_width(other.name) for other in lines) - 8
            parts.append(label(start, place + 4.5, line.name))
    return parts
