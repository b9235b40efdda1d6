"""How is a picture written down?

As SVG text, element by element: escaped, the same bytes for the same numbers, no clock, no random id, nothing fetched.
Lengths are in pixels of the viewBox; a picture is drawn for the width it is shown at, so text keeps its size.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

from course_lib.plots.palette import COLOURS, HEAT
from course_lib.plots.words import printable

SMALL = 12.0  # px: axes
NORMAL = 13.5  # px: labels
COMPACT = 460  # px: a picture narrower than this is drawn for a phone

_FILLS = {name: colour.light for name, colour in COLOURS.items()} | {f"heat{i}": c.light for i, c in enumerate(HEAT)}


def el(name: str, *children: str | Markup, **attributes: object) -> Markup:
    """One element; `class_` is class, `a_b` is a-b, None leaves an attribute out.

    >>> el("text", "a < b", x=1.0, font_size=12, class_=None)
    Markup('<text x="1" font-size="12">a &lt; b</text>')
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")  # noqa: S704  escaped above


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return number(value)
    return str(escape(value))


def number(value: float) -> str:
    """A length with at most two decimals.

    >>> number(3.0), number(2.005), number(-0.001)
    ('3', '2', '0')
    """
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def joined(parts: Iterable[Markup]) -> Markup:
    """The parts one after the other."""
    return Markup("").join(parts)


def drawing(width: float, height: float, label: str, *parts: Markup) -> Markup:
    """A whole picture; `label` is what a screen reader says for it."""
    return el(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=printable(label, 600),
        font_family="system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif",
        font_size=NORMAL,
        fill="currentColor",
    )


def tip(text: str) -> Markup:
    """What is shown when the pointer rests on the element around it."""
    return el("title", printable(text))


def label(
    x: float, y: float, text: str, *, anchor: str = "start", size: float = NORMAL, bold: bool = False,
    muted: bool = False, within: float | None = None, halo: bool = False,
) -> Markup:  # fmt: skip
    """Text at its baseline, cut to `within` px, the whole of it then being its tip; a `halo` keeps lines off it."""
    shown = printable(text)
    cut = shown if within is None else fit(shown, within, size, bold=bold)
    return el(
        "text",
        cut,
        *([] if cut == shown else [tip(shown)]),
        x=x,
        y=y,
        text_anchor=None if anchor == "start" else anchor,
        font_size=None if size == NORMAL else size,
        font_weight=600 if bold else None,
        fill_opacity=0.72 if muted else None,
        class_="halo" if halo else None,
    )


def box(x: float, y: float, width: float, height: float, colour: str, *children: Markup, **more: object) -> Markup:
    """A filled rectangle in a colour of the palette."""
    return el("rect", *children, x=x, y=y, width=width, height=height, **paint(colour), **more)


def paint(colour: str) -> dict[str, str]:
    """The attributes that fill with a colour of the palette."""
    return {"fill": _FILLS[colour], "class_": f"f-{colour}"}


def ink(colour: str) -> dict[str, str]:
    """The attributes that stroke with a colour of the palette."""
    return {"stroke": _FILLS[colour], "class_": f"s-{colour}", "fill": "none"}


def rule(x1: float, y1: float, x2: float, y2: float, *, strong: bool = False, dash: str | None = None) -> Markup:
    """A line of the frame: an axis, a tick, a leader."""
    return el(
        "line",
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke="currentColor",
        stroke_opacity=0.6 if strong else 0.16,
        stroke_dasharray=dash,
    )


def hatch(key: str) -> Markup:
    """A pattern of stripes in the page's ground, to lay over a fill; `key` is unique on the page."""
    stripe = el("path", d="M-2 2L2 -2M0 8L8 0M6 10L10 6", stroke="#ffffff", class_="s-ground", stroke_width=1.6)
    return el("defs", el("pattern", stripe, id=key, width=8, height=8, patternUnits="userSpaceOnUse"))


def text_width(text: str, size: float = NORMAL, *, bold: bool = False) -> float:
    """About how many px wide `text` is in a usual sans-serif; rather too many than too few."""
    ems = 0.0
    for character in text:
        if character in "ijlI.,:;|!'`()[]\u202f ":
            ems += 0.32
        elif character in "mwMW%@—":
            ems += 0.95
        elif unicodedata.east_asian_width(character) in "WF":
            ems += 1.05
        elif character.isupper():
            ems += 0.7
        else:
            ems += 0.61
    return ems * size * (1.1 if bold else 1.0)


def fit(text: str, px: float, size: float = NORMAL, *, bold: bool = False) -> str:
    """`text` cut in its middle to `px`, because the ends of names tell them apart."""
    if text_width(text, size, bold=bold) <= px:
        return text
    low, high = 0, len(text)
    while low < high:
        keep = (low + high + 1) // 2
        if text_width(_cut(text, keep), size, bold=bold) <= px:
            low = keep
        else:
            high = keep - 1
    return _cut(text, low)


def _cut(text: str, keep: int) -> str:
    tail = keep // 2
    return f"{text[: keep - tail]}…{text[len(text) - tail :]}"


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """The straight line that takes `low` to `start` and `high` to `end`; `start` where the two are one."""
    low, high = float(low), float(high)
    span = high - low
    return lambda value: start + (end - start) * ((float(value) - low) / span) if span else start


def ticks(high: float, about: int = 5, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 to the first that is not below `high`.

    >>> ticks(93), ticks(0.7, 4), ticks(0), ticks(2, whole=True)
    ([0, 20, 40, 60, 80, 100], [0.0, 0.2, 0.4, 0.6, 0.8], [0, 1], [0, 1, 2])
    """
    if not high > 0:
        return [0, 1]
    rough = high / max(about, 1)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    if whole and magnitude < 1:
        magnitude, rough = 1.0, max(rough, 1.0)
    factors = (1, 2, 5, 10) if whole and magnitude == 1 else (1, 2, 2.5, 5, 10)  # 2.5 trips are no number of trips
    step = next(magnitude * m for m in factors if magnitude * m >= rough * 0.999)
    steps = max(math.ceil(high / step - 1e-9), 1)
    found = [round(i * step, 12) for i in range(steps + 1)]
    return [int(value) for value in found] if step >= 1 and step == int(step) else found


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Positions near the `wanted` ones, in their order, at least `apart` px from each other where there is room.

    >>> spread([10, 12, 50], apart=10, low=0, high=60)
    [10, 20, 50]
    >>> spread([58, 59], apart=10, low=0, high=60)
    [50, 60]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    found = list(wanted)
    edge = low
    for i in order:
        found[i] = max(wanted[i], edge)
        edge = found[i] + apart
    edge = high
    for i in reversed(order):
        found[i] = min(found[i], edge)
        edge = found[i] - apart
    return found
