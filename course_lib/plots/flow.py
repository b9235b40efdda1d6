"""Where did every row go?

Rows read flow into what became of them, drawn to one scale, so that a small share looks small. The refused rows are
then enlarged, and split by the rules they break: as a row may break several, that column counts reasons and not
rows, and has a scale of its own, which it states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from course_lib.plots.picture import Picture, nothing
from course_lib.plots.shares import lengths, top
from course_lib.plots.svg import (
    COMPACT,
    SMALL,
    box,
    drawing,
    el,
    fit,
    hatch,
    joined,
    label,
    paint,
    rule,
    spread,
    text_width,
    tip,
)
from course_lib.plots.words import count, percent, plural, printable, spoken

NODE = 14  # px


class Fate(NamedTuple):
    """What became of `rows` rows."""

    name: str
    rows: int
    colour: str


def rows_by_fate(read: int, silver: int, quarantined: int, duplicate: int, reasons: Mapping[str, int]) -> Picture:
    """Rows read, what became of them, and the rules that the quarantined ones break (a row may break several)."""
    lost = read - silver - quarantined - duplicate
    fates = [
        Fate("kept in silver", silver, "kept"),
        Fate("repeat another row", duplicate, "repeated"),
        Fate("quarantined", quarantined, "refused"),
    ]
    if lost > 0:
        fates.append(Fate("unaccounted for", lost, "lost"))
    if read <= 0:
        return nothing("No rows were read", "There is no row to follow.")
    ranked = top(reasons)
    rows = [
        ("read", count(read), percent(read, read)),
        *((f.name, count(f.rows), percent(f.rows, read)) for f in fates),
    ]
    rows += [(f"quarantined: {name}", count(n), percent(n, read)) for name, n in sorted(reasons.items())[:200] if n]
    several = sum(reasons.values()) - quarantined
    return Picture(
        _finding(read, silver, quarantined, duplicate, lost, reasons),
        "Rows read, what became of them (one scale), and the rules that quarantined rows break (enlarged).",
        lambda width, key: (_tall if width < COMPACT else _wide)(read, fates, ranked, quarantined, width, key),
        ("rows", "count", "share of rows read"),
        tuple(rows),
        f"A row is quarantined with all its reasons: {plural(quarantined, 'row')} "
        f"{'breaks' if quarantined == 1 else 'break'} {plural(sum(reasons.values()), 'rule')} in all."
        if several > 0 and quarantined
        else "",
    )


def _finding(read: int, silver: int, quarantined: int, duplicate: int, lost: int, reasons: Mapping[str, int]) -> str:
    if lost:
        return (
            f"{count(abs(lost))} of {plural(read, 'row')} {'are unaccounted for' if lost > 0 else 'are counted twice'}"
        )
    if silver == read:
        return "Every row read is kept" if read > 1 else "The one row read is kept"
    kept = f"{percent(silver, read)} of the rows read are kept" if silver else "Not one row is kept"
    if quarantined == 0:
        return f"{kept}; the others repeat a row, none is refused"
    main = top(reasons, most=len(reasons) or 1)
    if not main:
        return f"{kept}; {percent(quarantined, read)} are quarantined"
    name, rows = main[0]
    return f"{kept}; refused most often: {spoken(name)} ({percent(rows, quarantined)} of quarantined rows)"


def _ribbon(x1: float, top1: float, low1: float, x2: float, top2: float, low2: float, colour: str, shade: float,
            words: str, *, down: bool = False) -> Markup:  # fmt: skip
    """A band from one edge to another; `down` runs from top to bottom instead of left to right."""
    middle = (x1 + x2) / 2

    def at(along: float, across: float) -> str:
        return f"{across:.2f} {along:.2f}" if down else f"{along:.2f} {across:.2f}"

    path = (
        f"M{at(x1, top1)}C{at(middle, top1)} {at(middle, top2)} {at(x2, top2)}"
        f"L{at(x2, low2)}C{at(middle, low2)} {at(middle, low1)} {at(x1, low1)}Z"
    )
    return el("path", tip(words), d=path, fill_opacity=shade, **paint(colour))


def _told(fate: Fate, read: int) -> str:
    return f"{fate.name} · {percent(fate.rows, read)}"


def _node(x: float, y: float, width: float, height: float, fate: Fate, key: str) -> Markup:
    solid = box(x, y, width, height, fate.colour, tip(f"{count(fate.rows)} {fate.name}"))
    if fate.colour != "repeated":
        return solid
    return solid + el("rect", x=x, y=y, width=width, height=height, fill=f"url(#{key}-hatch)")


def _wide(read: int, fates: Sequence[Fate], ranked: Sequence[tuple[str, int]], quarantined: int, width: float,
          key: str) -> Markup:  # fmt: skip
    head, gap = 26.0, 30.0
    height = max(250.0, 27.0 * len(ranked) + 20)
    total = max(read, sum(fate.rows for fate in fates))
    present = [fate for fate in fates if fate.rows > 0]
    body = height - gap * max(len(present) - 1, 0)
    left, middle, right = 0.0, width * 0.37, width * 0.66

    parts = [hatch(f"{key}-hatch"), box(left, head, NODE, body, "read", tip(plural(read, "row")))]
    texts = [
        label(left + NODE + 10, head + body / 2 - 2, count(read), size=22, bold=True),
        label(left + NODE + 10, head + body / 2 + 18, "row read" if read == 1 else "rows read", muted=True),
    ]
    came, y = head, head
    refused = (head + height, head + height)
    for fate, shown in zip(present, lengths([fate.rows for fate in present], body, 1.5), strict=True):
        thick = fate.rows / total * body
        parts.append(_ribbon(left + NODE, came, came + thick, middle, y, y + shown, fate.colour, 0.28,
                             f"{count(fate.rows)} {_told(fate, read)}"))  # fmt: skip
        parts.append(_node(middle, y, NODE, shown, fate, key))
        number, words = count(fate.rows), f" {_told(fate, read)}"
        texts.append(
            el(
                "text",
                el("tspan", number, font_weight=600),
                words,
                x=middle + NODE,
                y=y - 8,
                text_anchor="end",
                class_="halo",
            )
        )
        if fate.colour == "refused":
            refused = (y, y + shown)
        came += thick
        y += shown + gap
    parts += _reasons(ranked, quarantined, middle + NODE, refused, right, head, height, width)
    low = max(height, y - gap - head)
    return drawing(width, head + low + 14, _spoken(read, fates, ranked), joined(parts), joined(texts))


def _reasons(ranked: Sequence[tuple[str, int]], quarantined: int, x: float, slot: tuple[float, float], right: float,
             head: float, height: float, width: float) -> list[Markup]:  # fmt: skip
    if not ranked or not quarantined:
        words = "no row was refused" if not quarantined else "no reason was recorded"
        return [label(right, head + 30, words, muted=True)]
    mentions = sum(n for _, n in ranked)
    gap = 5.0
    body = height - gap * (len(ranked) - 1) - 14
    sizes = lengths([n for _, n in ranked], body, 2.0)
    tops, y = [], head + 14
    for size in sizes:
        tops.append(y)
        y += size + gap
    places = spread([at + size / 2 for at, size in zip(tops, sizes, strict=True)], 22, head + 20, head + height + 2)
    parts = [label(right, head - 8 + 8, "rules they break, enlarged", size=SMALL, muted=True)]
    came = slot[0]
    for (name, n), at, size, place in zip(ranked, tops, sizes, places, strict=True):
        thick = (slot[1] - slot[0]) * n / mentions
        parts.append(_ribbon(x, came, came + thick, right, at, at + size, "refused", 0.2, f"{name}: {count(n)}"))
        parts.append(box(right, at, NODE, size, "refused", tip(f"{name}: {count(n)}")))
        came += thick
        if abs(place - at - size / 2) > 3:
            parts.append(rule(right + NODE, at + size / 2, right + NODE + 9, place))
        number = count(n)
        share = _share(name, n, quarantined)
        room = width - right - NODE - 18 - text_width(number, bold=True) - text_width(share)
        parts.append(
            el(
                "text",
                el("tspan", number, font_weight=600),
                " ",
                fit(printable(name), max(room, 30)),
                el("tspan", share, fill_opacity=0.72),
                tip(name),
                x=right + NODE + 13,
                y=place + 4.5,
            )
        )
    return parts


def _share(name: str, n: int, quarantined: int) -> str:
    # Rows with several reasons are counted several times in a sum of reasons, so that sum has no share.
    return "" if name.endswith(" more") else f" · {percent(n, quarantined)}"


def _tall(read: int, fates: Sequence[Fate], ranked: Sequence[tuple[str, int]], quarantined: int, width: float,
          key: str) -> Markup:  # fmt: skip
    total = max(read, sum(fate.rows for fate in fates))
    present = [fate for fate in fates if fate.rows > 0]
    gap, bar = 10.0, 16.0
    body = width - gap * max(len(present) - 1, 0)
    parts = [hatch(f"{key}-hatch")]
    texts = [
        el(
            "text",
            el("tspan", count(read), font_weight=600, font_size=20),
            " row read" if read == 1 else " rows read",
            x=0,
            y=20,
        )
    ]
    first, second = 30.0, 92.0
    parts.append(box(0, first, body, bar, "read", tip(plural(read, "row"))))
    came, x, y = 0.0, 0.0, second + bar + 22
    refused, bottom = (width, width), second + bar
    for fate, shown in zip(present, lengths([fate.rows for fate in present], body, 1.5), strict=True):
        thick = fate.rows / total * body
        parts.append(_ribbon(first + bar, came, came + thick, second, x, x + shown, fate.colour, 0.28,
                             f"{count(fate.rows)} {_told(fate, read)}", down=True))  # fmt: skip
        parts.append(_node(x, second, shown, bar, fate, key))
        centre = x + shown / 2
        number, words = count(fate.rows), f" {_told(fate, read)}"
        long = text_width(number, bold=True) + text_width(words)
        start = x if shown > long else max(centre - long / 2, 0)
        at_end = start + long > width
        texts.append(rule(centre, second + bar, centre, y - 13))
        texts.append(
            el(
                "text",
                el("tspan", number, font_weight=600),
                words,
                x=width if at_end else start,
                y=y,
                text_anchor="end" if at_end else None,
            )
        )
        if fate.colour == "refused":
            refused = (x, x + shown)
        came += thick
        x += shown + gap
        y += 22
    bottom = y
    if ranked and quarantined:
        mentions = sum(n for _, n in ranked)
        third = bottom + 26
        parts.append(_ribbon(second + bar, refused[0], refused[1], third, 0, width, "refused", 0.13, "", down=True))
        texts.append(label(0, third + bar + 18, "rules they break, enlarged", size=SMALL, muted=True))
        x, line = 0.0, third + bar + 40
        for i, (name, n) in enumerate(ranked):
            long = width * n / mentions
            parts.append(box(x, third, max(long - 1.5, 0.75), bar, "refused", tip(f"{name}: {count(n)}"),
                             fill_opacity=1 if i % 2 == 0 else 0.7))  # fmt: skip
            x += long
            texts.append(label(0, line, fit(printable(name), width - 130)))
            texts.append(
                el("text", el("tspan", count(n), font_weight=600),
                   el("tspan", _share(name, n, quarantined), fill_opacity=0.72), x=width, y=line, text_anchor="end")
            )  # fmt: skip
            line += 22
        bottom = line
    return drawing(width, bottom, _spoken(read, fates, ranked), joined(parts), joined(texts))


def _spoken(read: int, fates: Sequence[Fate], ranked: Sequence[tuple[str, int]]) -> str:
    went = "; ".join(f"{count(fate.rows)} {fate.name}" for fate in fates if fate.rows)
    why = "; ".join(f"{count(n)} {name}" for name, n in ranked[:5])
    return f"Flow of {plural(read, 'row')}: {went}{f'. Reasons: {why}' if why else ''}"
