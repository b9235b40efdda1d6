"""What does a pipeline look like?

Boxes along the data, arrows from what is read to what is made. A rounded box is a dataset, a square one a step. What
stands out has a thick edge and bold text, so it is known without its colour. The data flows to the right where there is
room, and down where there is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from course_lib.dag.graph import Needs, layers, order, whole
from course_lib.dag.pipeline import Pipeline
from course_lib.plots.layered import Layout, layout
from course_lib.plots.picture import Picture, nothing
from course_lib.plots.svg import SMALL, drawing, el, ink, joined, label, paint, text_width, tip
from course_lib.plots.words import listed, plural

TALL, NOTED = 30.0, 46.0  # px: a box with a name, and one with a note below it
_PAD, _GAP, _HEAD = 16.0, 14.0, 7.0  # px: beside a name, between boxes, of an arrow
_STEP, _CLOSE = 46.0, 20.0  # px: between layers, and the least
_MARGIN = 6.0  # px
_NARROWEST = 44.0  # px
_ASIDE = 46.0  # px: how far an edge against the data bends around the boxes


class _Look(NamedTuple):
    """How one node is drawn."""

    name: str
    note: str
    rounded: bool
    strong: bool


def graph_picture(needs: Needs, title: str, shows: str = "", *, strong: Collection[str] = (),
                  path: Sequence[str] = (), notes: Mapping[str, str] | None = None,
                  rounded: bool = False) -> Picture:  # fmt: skip
    """The graph `needs` (node to the nodes it needs) with its finding as `title`.

    strong   nodes that stand out, and the edges between them
    path     nodes that stand out, and of the edges between them only those from each to the next
    notes    a second line in a box, such as how long a step takes
    rounded  the nodes are datasets

    An edge that closes a cycle is dashed, and runs against the others.
    """
    notes = notes or {}
    looks = {name: _Look(name, notes.get(name, ""), rounded, name in strong or name in path) for name in whole(needs)}
    steps = {*itertools.pairwise(path)} if path else None
    rows = tuple((name, ", ".join(sorted(whole(needs)[name])) or "nothing", notes.get(name, "")) for name in looks)
    kind = "dataset" if rounded else "step"
    return _picture(needs, looks, title, shows or "Arrows lead along the data.", (kind, "needs", "note"), rows, steps)


def pipeline_picture(pipeline: Pipeline, title: str = "", *, strong: Collection[str] = (),
                     notes: Mapping[str, str] | None = None) -> Picture:  # fmt: skip
    """The datasets and steps of a pipeline; `strong` and `notes` name either."""
    notes = notes or {}
    needs: dict[str, set[str]] = {f"d:{name}": set() for name in pipeline.datasets()}
    looks = {f"d:{name}": _Look(name, notes.get(name, ""), True, name in strong) for name in pipeline.datasets()}
    for step in pipeline.steps:
        looks[f"s:{step.name}"] = _Look(step.name, notes.get(step.name, ""), False, step.name in strong)
        needs[f"s:{step.name}"] = {*(f"d:{name}" for name in step.reads), *(f"s:{name}" for name in step.after)}
        for name in step.writes:
            needs[f"d:{name}"].add(f"s:{step.name}")
    rows = tuple(
        (step.name, listed(sorted(step.reads), 20), listed(sorted(step.writes), 20)) for step in pipeline.steps
    )
    counted = f"{plural(len(pipeline.datasets()), 'dataset')} and {plural(len(pipeline.steps), 'step')}"
    shows = "Rounded boxes are datasets, square ones steps; arrows lead along the data."
    return _picture(needs, looks, title or f"A pipeline of {counted}", shows, ("step", "reads", "writes"), rows)


def _picture(needs: Needs, looks: Mapping[str, _Look], title: str, shows: str, columns: Sequence[str],
             rows: Sequence[tuple[str, ...]],
             steps: Collection[tuple[str, str]] | None = None) -> Picture:  # fmt: skip
    """`steps` are the edges that stand out; None: all between two nodes that do."""
    if not looks:
        return nothing(title, "There is no node to draw.")
    long = {key: max(text_width(x.name, bold=True), text_width(x.note, SMALL)) + _PAD for key, x in looks.items()}
    tall = {key: NOTED if look.note else TALL for key, look in looks.items()}
    across = layout(needs, tall, _GAP)
    columns_px = _longest(across, long)
    told = _spoken(needs, looks, title)
    if across.back:
        shows += " A dashed one closes a cycle."

    def draw(width: float, key: str) -> Markup:
        left = width - 2 * _MARGIN - sum(columns_px)
        apart = min(left / max(len(columns_px) - 1, 1), _STEP)
        if left >= 0 and apart >= _CLOSE:
            return _draw(across, looks, columns_px, long, tall, width, apart, True, told, steps)
        room, down = dict(long), layout(needs, long, _GAP)
        for _ in range(8):  # too many boxes side by side: shorten names, as far as they can be
            if down.extent <= width - 2 * _MARGIN:
                break
            room = {name: max(size * width / down.extent * 0.95, _NARROWEST) for name, size in room.items()}
            down = layout(needs, room, min(_GAP, width / 60))
        return _draw(down, looks, _longest(down, tall), room, tall, width, _STEP * 0.75, False, told, steps)

    return Picture(title, shows, draw, tuple(columns), tuple(rows))


def _longest(found: Layout, sizes: Mapping[str, float]) -> list[float]:
    """The largest of `sizes` in each layer."""
    most = [0.0] * (max(spot.layer for spot in found.spots.values()) + 1)
    for name, spot in found.spots.items():
        most[spot.layer] = max(most[spot.layer], sizes[name])
    return most


def _draw(found: Layout, looks: Mapping[str, _Look], along: Sequence[float], long: Mapping[str, float],
          tall: Mapping[str, float], width: float, apart: float, right: bool, told: str,
          steps: Collection[tuple[str, str]] | None) -> Markup:  # fmt: skip
    """Draws the layout with the data flowing to the `right`, or down; layers are `apart` px from each other."""
    shrink = min(1.0, (width - 2 * _MARGIN) / found.extent) if not right else 1.0
    starts, edge = [], _MARGIN
    for size in along:
        starts.append(edge)
        edge += size + apart
    edge += _MARGIN - apart
    slack = max(width - edge, 0.0) / 2 if right else (width - found.extent * shrink) / 2

    def place(layer: int, at: float, share: float) -> tuple[float, float]:
        """A point at `share` of a layer's thickness."""
        flow = starts[layer] + along[layer] * share
        return (flow + slack, at + _MARGIN) if right else (at * shrink + slack, flow)

    edges, heads, boxes = [], [], []
    for route in found.routes:
        ends = (route.source, route.target)
        strong = all(looks[end].strong for end in ends) if steps is None else ends in steps
        points = [place(route.spots[0].layer, route.spots[0].at, _side(route.source, found, along, long, tall, right))]
        for spot in route.spots[1:-1]:
            points += [place(spot.layer, spot.at, 0.0), place(spot.layer, spot.at, 1.0)]
        last = route.spots[-1]
        points.append(place(last.layer, last.at, 1 - _side(route.target, found, along, long, tall, right)))
        words = f"{looks[route.source].name} to {looks[route.target].name}"
        edges.append(_arrow(points, right, strong, words))
        heads.append(_arrow_head(points[-1], right, strong))
    for source, target in found.back:
        words, box = f"{looks[source].name} back to {looks[target].name}", (long[target] * shrink, tall[target])
        edges.append(_back(place, found, source, target, box, words, right))
    for name, spot in found.spots.items():
        x, y = place(spot.layer, spot.at, 0.5)
        boxes.append(_box(looks[name], x, y, long[name] * shrink, tall[name]))
    height = found.extent + 2 * _MARGIN + (24 if found.back else 0) if right else edge
    return drawing(width, height, told, joined(edges), joined(heads), joined(boxes))


def _side(name: str, found: Layout, along: Sequence[float], long: Mapping[str, float], tall: Mapping[str, float],
          right: bool) -> float:  # fmt: skip
    """At what share of its layer's thickness a box ends: a layer is as thick as its longest box."""
    size, thick = (long if right else tall)[name], along[found.spots[name].layer]
    return 0.5 + size / thick / 2


def _arrow(points: Sequence[tuple[float, float]], right: bool, strong: bool, words: str) -> Markup:
    path = [f"M{points[0][0]:.2f} {points[0][1]:.2f}"]
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        mid = (x1 + x2) / 2 if right else (y1 + y2) / 2
        bend = f"{mid:.2f} {y1:.2f} {mid:.2f} {y2:.2f}" if right else f"{x1:.2f} {mid:.2f} {x2:.2f} {mid:.2f}"
        path.append(f"C{bend} {x2:.2f} {y2:.2f}")
    look: dict[str, object] = (
        {**ink("refused"), "stroke_width": 2.5}
        if strong
        else {"stroke": "currentColor", "stroke_opacity": 0.5, "stroke_width": 1.3, "fill": "none"}
    )
    return el("path", tip(words), d="".join(path), **look)


def _arrow_head(point: tuple[float, float], right: bool, strong: bool) -> Markup:
    x, y = point
    wide, deep = _HEAD / 2, _HEAD
    corners = (
        [(x, y), (x - deep, y - wide), (x - deep, y + wide)]
        if right
        else [(x, y), (x - wide, y - deep), (x + wide, y - deep)]
    )
    look: dict[str, object] = dict(paint("refused")) if strong else {"fill": "currentColor", "fill_opacity": 0.7}
    return el("polygon", points=" ".join(f"{a:.2f},{b:.2f}" for a, b in corners), **look)


def _back(place: Callable[[int, float, float], tuple[float, float]], found: Layout, source: str, target: str,
          box: tuple[float, float], words: str, right: bool) -> Markup:  # fmt: skip
    """An edge against the data, dashed, around the boxes between: from the middle of one to the edge of the `box`.

    It runs below the boxes where the data flows to the right, and beside them where it flows down.
    """
    (x1, y1), (x2, y2) = (place(found.spots[n].layer, found.spots[n].at, 0.5) for n in (source, target))
    apart = 12.0 if source == target else 0.0
    if right:
        aside, end = max(y1, y2) + _ASIDE, y2 + box[1] / 2
        path = f"M{x1 - apart:.2f} {y1:.2f}C{x1 - apart:.2f} {aside:.2f} {x2 + apart:.2f} {aside:.2f} "
        path += f"{x2 + apart:.2f} {end + _HEAD:.2f}"
        tip_x, tip_y = x2 + apart, end
        corners = [(tip_x, tip_y), (tip_x - _HEAD / 2, tip_y + _HEAD), (tip_x + _HEAD / 2, tip_y + _HEAD)]
    else:
        aside, end = max(x1, x2) + box[0] / 2 + _ASIDE, x2 + box[0] / 2
        path = f"M{x1:.2f} {y1 - apart:.2f}C{aside:.2f} {y1 - apart:.2f} {aside:.2f} {y2 + apart:.2f} "
        path += f"{end + _HEAD:.2f} {y2 + apart:.2f}"
        tip_x, tip_y = end, y2 + apart
        corners = [(tip_x, tip_y), (tip_x + _HEAD, tip_y - _HEAD / 2), (tip_x + _HEAD, tip_y + _HEAD / 2)]
    line = el("path", tip(words), d=path, stroke_width=2.2, stroke_dasharray="6 4", **ink("lost"))
    return joined([line, el("polygon", points=" ".join(f"{a:.2f},{b:.2f}" for a, b in corners), **paint("lost"))])


def _box(look: _Look, x: float, y: float, wide: float, tall: float) -> Markup:
    colour = "refused" if look.strong else "kept" if look.rounded else "read"
    corner = 10 if look.rounded else 2
    frame = {"x": x - wide / 2, "y": y - tall / 2, "width": wide, "height": tall, "rx": corner}
    ground = el("rect", **frame, fill="#ffffff", class_="f-ground")
    tint = el("rect", tip(f"{look.name} {look.note}".strip()), **frame, fill_opacity=0.13, **paint(colour))
    edge = el("rect", **frame, stroke_width=2.6 if look.strong else 1.3, **ink(colour))
    inside = wide - 8
    line = y + 4.8 if not look.note else y - 3
    texts = [label(x, line, look.name, anchor="middle", within=inside, bold=look.strong)]
    if look.note:
        texts.append(label(x, y + 14, look.note, anchor="middle", size=SMALL, muted=True, within=inside))
    return joined([ground, tint, edge, *texts])


def _spoken(needs: Needs, looks: Mapping[str, _Look], title: str) -> str:
    try:
        names = [looks[key].name for key in order(needs)]
    except ValueError as cycle:
        return f"{title}. A cycle: {cycle}"
    return f"{title}. In order: {', '.join(names)}. {plural(len(layers(needs)), 'layer')}."
