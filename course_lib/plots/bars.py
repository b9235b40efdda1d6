"""How large is each of these?

Horizontal bars from zero, longest first or in the order given, with the number at the end of each bar: nobody has to
measure. On a phone the name stands above its bar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from markupsafe import Markup

from course_lib.plots.picture import Drawing, Picture, nothing
from course_lib.plots.shares import top
from course_lib.plots.svg import (
    COMPACT,
    SMALL,
    box,
    drawing,
    joined,
    label,
    rule,
    scale,
    text_width,
    ticks,
    tip,
)
from course_lib.plots.words import compact, count, known, percent, plural, spoken


class Bar(NamedTuple):
    """One bar: its length, what is written at its end, its colour."""

    name: str
    length: float
    told: str
    colour: str = "kept"
    begins: float = 0.0  # where it begins on the axis


def horizontal(bars: Sequence[Bar], unit: str, told: str, *, tick: Callable[[float], str] = compact,
               whole: bool = False, mark: tuple[float, str] | None = None) -> Drawing:  # fmt: skip
    """Draws the bars over an axis in `unit`; `told` is read by a screen reader, `mark` a line with its name."""
    high = max(
        [bar.begins + bar.length for bar in bars if known(bar.length)] + ([mark[0]] if mark else []), default=0.0
    )

    def draw(width: float, key: str) -> Markup:
        phone = width < COMPACT
        row = 40.0 if phone else 28.0
        names = 0.0 if phone else min(max(text_width(bar.name) for bar in bars) + 12, width * 0.42)
        tail = min(max(text_width(bar.told) for bar in bars) + 10, width * 0.42)
        marks = ticks(high, about=4 if phone else 6, whole=whole)
        end = max(marks[-1], high)
        at = scale(0, end, names, width - tail)
        head = 22.0 if mark else 4.0
        foot = head + row * len(bars) + 4

        # On a phone names stand above their bars, where long lines would cross them.
        parts = [rule(at(m), foot - 4 if phone else head, at(m), foot, strong=m == 0) for m in marks]
        for i, bar in enumerate(bars):
            y = head + i * row + (18 if phone else 4)
            thick = row - (22 if phone else 8)
            long = max(at(bar.begins + bar.length) - at(bar.begins), 0.0) if known(bar.length) else 0.0
            if known(bar.length) and bar.length > 0:
                long = max(long, 1.5)
            parts.append(box(at(bar.begins), y, long, thick, bar.colour, tip(f"{bar.name}: {bar.told}"), rx=1.5))
            if phone:
                parts.append(label(0, y - 5, bar.name, within=width))
            else:
                parts.append(label(names - 8, y + thick / 2 + 4.5, bar.name, anchor="end", within=names - 10))
            parts.append(label(at(bar.begins) + long + 6, y + thick / 2 + 4.5, bar.told, halo=True))
        if mark:
            value, name = mark
            parts.append(rule(at(value), head - 6, at(value), foot, strong=True, dash="5 3"))
            parts.append(label(at(value) - 4, head - 9, name, anchor="end", size=SMALL, muted=True))
        parts += [label(at(m), foot + 15, tick(m), anchor="middle", size=SMALL, muted=True) for m in marks]
        middle = max((names + width - tail) / 2, text_width(unit, SMALL) / 2)
        parts.append(label(middle, foot + 32, unit, anchor="middle", size=SMALL, muted=True))
        return drawing(width, foot + 40, told, joined(parts))

    return draw


def counts(of: Mapping[str, int], total: int, *, what: str, whole: str, colour: str, most: int = 15) -> Picture:
    """How often each name was counted; `what` is counted (plural) as a share of the `total`, named `whole`."""
    ranked = top(of, len(of) + 1)
    if not ranked:
        return nothing(f"No {what}", "None was counted.")
    bars = [Bar(name, n, f"{count(n)} · {percent(n, total)}", colour) for name, n in ranked[:most]]
    first, n = ranked[0]
    ties = sum(1 for _, other in ranked if other == n)
    if len(ranked) == 1:
        title = f"One kind of {what}: {spoken(first)}, in {percent(n, total)} of {whole}"
    else:
        lead = f"{spoken(first)} leads" if ties == 1 else f"{spoken(first)} and {plural(ties - 1, 'other')} lead"
        title = f"Of {count(len(ranked))} kinds of {what}, {lead}: {percent(n, total)} of {whole}"
    return Picture(
        title,
        f"{what[:1].upper()}{what[1:]}: rows, and their share of {whole}.",
        horizontal(bars, "rows", title, whole=True),
        ("name", "rows", "share"),
        tuple((name, count(n), percent(n, total)) for name, n in top(of, 500)),
        f"Not drawn: {plural(len(ranked) - most, 'rarer name')}." if len(ranked) > most else "",
    )


def missing(columns: Mapping[str, tuple[int, int]]) -> Picture:
    """The share of published values that are missing, by column: column to (there, published)."""
    published = {name: (of - there, of) for name, (there, of) in columns.items() if of}
    absent = [name for name, (_, of) in columns.items() if not of]
    if not published:
        return nothing("No column to judge", "No row was kept, or no column is published.")
    ranked = sorted(published.items(), key=lambda pair: (-pair[1][0] / pair[1][1], pair[0]))
    lacking = [(name, gone, of) for name, (gone, of) in ranked if gone]
    note = f"Not published by any of the files: {', '.join(absent)}." if absent else ""
    if not lacking:
        told = nothing("No published value is missing", f"All {plural(len(published), 'column')} are complete.")
        return replace(told, note=note)
    worst, gone, of = lacking[0]
    ties = sum(1 for _, other, total in lacking if other / total == gone / of) - 1
    also = f" and {plural(ties, 'other column')}" if ties else ""
    title = f"Most is missing in {worst}{also}: {percent(gone, of)} of the values"
    bars = [Bar(name, gone / of * 100, f"{percent(gone, of)} · {count(gone)}", "refused") for name, gone, of in lacking]
    whole = len(published) - len(lacking)
    full = f"{plural(whole, 'other column')} {'is' if whole == 1 else 'are'} complete." if whole else ""
    return Picture(
        title,
        "Values of silver that are missing, in per cent of the rows whose file publishes the column.",
        horizontal(bars, "% missing", title),
        ("column", "missing", "values missing", "values published"),
        tuple((name, percent(gone, of), count(gone), count(of)) for name, (gone, of) in ranked),
        " ".join(filter(None, (full, note))),
    )
