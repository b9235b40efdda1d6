"""How long does the same answer take, drawn?

A chart for each kind of engine, because only what does the same can be compared: those that compute are given the same
trips, the others their whole contract. The bar is the cold time; what else was measured stands at its end. Engines that
do not agree with the oracle have no time worth comparing: they are named, in the colour of what is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from course_lib.engines.comparing import Line
from course_lib.engines.registry import KINDS
from course_lib.plots.bars import Bar, horizontal
from course_lib.plots.palette import GROUND
from course_lib.plots.picture import Drawing, Picture, nothing
from course_lib.plots.svg import drawing, el, joined, label
from course_lib.plots.words import listed, plural, seconds

_EDGE, _GAP, _HEAD = 16.0, 26.0, 20.0  # px: around, between charts, for a chart's name
_HALO = f".compared .halo {{ paint-order: stroke; stroke: {GROUND.light}; stroke-width: 4px }}"  # lines stay off text
_ASKED = {"compute": "the job on the same trips, with the start of the engine"}


def picture(lines: Sequence[Line]) -> Picture:
    """Cold seconds by engine, a chart for each kind; the finding is about those that compute."""
    drawn = [(kind, [line for line in lines if line.kind == kind and line.agrees is not None]) for kind in KINDS]
    drawn = [
        (kind, sorted(found, key=lambda line: (not line.agrees, line.cold or 0))) for kind, found in drawn if found
    ]
    if not drawn:
        return nothing("Nothing was compared", "None of these engines is installed here.")
    title = finding(lines)
    rows = tuple(tuple(line.cells()) for _, found in drawn for line in found)
    shows = "Seconds from the start of the first process to the end of the last."
    columns = ("engine", "version", "kind", "agrees", "cold s", "warm s", "peak MB", "lines")
    return Picture(title, shows, _charts(title, drawn), columns, rows)


def finding(lines: Sequence[Line]) -> str:
    """What the lines say, in a sentence.

    >>> finding([Line("Dask", "1", "compute", True, 2.0, 1.0, 5, 30, ""),
    ...          Line("Flink", "1", "compute", True, 31.0, 1.0, 5, 30, "")]).replace("\\u202f", " ")
    'The same answer from 2 engines that compute: in 2 s from Dask, in 31 s from Flink'
    """
    wrong = [line.engine for line in lines if line.agrees is False]
    if wrong:
        return f"{plural(len(wrong), 'engine does', 'engines do')} not agree: {listed(wrong)}"
    timed = sorted((line.cold, line.engine) for line in lines if line.kind == "compute" and line.cold is not None)
    if len(timed) < 2:
        return f"{plural(len([line for line in lines if line.agrees]), 'contract holds', 'contracts hold')}"
    (least, first), (most, last) = timed[0], timed[-1]
    told = f"in {seconds(least)} from {first}, in {seconds(most)} from {last}"
    return f"The same answer from {len(timed)} engines that compute: {told}"


def told(line: Line) -> str:
    """What stands at the end of a bar."""
    if not line.agrees:
        return "does not agree"
    parts = ["" if line.standing == "runs" else line.standing, seconds(line.cold)]
    parts += [f"again {seconds(line.warm)}" if line.warm is not None else ""]
    parts += [f"{line.peak_bytes / 1e6:,.0f} MB" if line.peak_bytes else "", f"{line.lines} lines"]
    return " · ".join(filter(None, parts))


def _charts(title: str, drawn: Sequence[tuple[str, Sequence[Line]]]) -> Drawing:
    def draw(width: float, key: str) -> Markup:
        parts, at = [], _EDGE
        for kind, found in drawn:
            bars = [
                Bar(line.engine, line.cold or 0.0, told(line), "kept" if line.agrees else "refused") for line in found
            ]
            asked = _ASKED.get(kind, "the whole contract, which is many starts")
            parts.append(label(_EDGE, at + 14, f"{kind}: {asked}", bold=True, within=width - 2 * _EDGE))
            chart = horizontal(bars, "seconds", f"{title}. {kind}")(width - 2 * _EDGE, f"{key}-{kind}")
            parts.append(el("g", chart, class_="compared", transform=f"translate({_EDGE:g} {at + _HEAD:g})"))
            at += _HEAD + _height(chart) + _GAP
        ground = el("rect", width=width, height=at, fill=GROUND.light, class_="f-ground")
        return drawing(width, at, title, el("style", _HALO), ground, joined(parts))

    return draw


def _height(chart: Markup) -> float:
    """The height that a chart says it has."""
    return float(str(chart).partition(' height="')[2].partition('"')[0])
