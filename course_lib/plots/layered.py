"""Where do the nodes of a graph go, so that its edges can be followed?

In layers, each node one further than the deepest that it needs. Edges that skip a layer get a point to pass through in
each, so no edge runs behind a box. Within its layer a node moves towards its neighbours, which uncrosses most edges.

Positions are along the data (`layer`) and across it (`at`, in px); a drawing decides which of both is down.

Source: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from course_lib.dag.graph import Cycle, Needs, layers, whole

POINT = 10.0  # px that an edge takes up where it passes a layer
_SWEEPS = 12


class Spot(NamedTuple):
    """Where a node, or a point of an edge, lies."""

    layer: int
    at: float  # px across the data, of its middle


class Route(NamedTuple):
    """An edge by the spots it passes, from its source to its target."""

    source: str
    target: str
    spots: tuple[Spot, ...]


class Layout(NamedTuple):
    """Where everything lies."""

    spots: dict[str, Spot]
    routes: list[Route]
    back: list[tuple[str, str]]  # edges that close a cycle, source and target: they run against the layers
    extent: float  # px across


def layout(needs: Needs, sizes: Mapping[str, float], gap: float) -> Layout:
    """Places the nodes of `needs`; `sizes` are px across, `gap` is left between two of a layer."""
    every, back = _acyclic(needs)
    rows = layers(every)
    depth = {node: number for number, row in enumerate(rows) for node in row}
    room = dict(sizes)
    chains: dict[tuple[str, str], list[str]] = {}
    for target in sorted(every):
        for source in sorted(every[target]):
            passed = [f"\0{source}\0{target}\0{layer}" for layer in range(depth[source] + 1, depth[target])]
            chains[source, target] = [source, *passed, target]
            for layer, point in enumerate(passed, depth[source] + 1):
                rows[layer].append(point)
                depth[point], room[point] = layer, POINT
    near = _neighbours(depth, chains.values())
    _uncross(rows, near)
    at, extent = _align(rows, near, room, gap)
    spots = {node: Spot(depth[node], at[node]) for node in depth}
    routes = [Route(a, b, tuple(spots[name] for name in chain)) for (a, b), chain in chains.items()]
    return Layout({node: spots[node] for node in sorted(every)}, routes, back, extent)


def _acyclic(needs: Needs) -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
    """The graph without the edges that close its cycles, and those edges."""
    every, back = whole(needs), []
    while True:
        try:
            layers(every)
        except Cycle as cycle:
            source, target = cycle.path[-2:]
            every[target].discard(source)
            back.append((source, target))
        else:
            return every, back


def _neighbours(names: Iterable[str], chains: Iterable[Sequence[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """For each name those next to it in the layer before, and in the layer after."""
    near: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in names}
    for chain in chains:
        for one, other in pairwise(chain):
            near[one][1].append(other)
            near[other][0].append(one)
    return near


def _uncross(rows: list[list[str]], near: Mapping[str, tuple[list[str], list[str]]]) -> None:
    """Sorts each row by the mean place of its neighbours in the row before, then after, again and again."""
    place = {name: float(i) for row in rows for i, name in enumerate(row)}
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            wanted = {name: _mean([place[n] for n in near[name][side]], place[name]) for name in row}
            row.sort(key=lambda name: (wanted[name], place[name]))
            place.update((name, float(i)) for i, name in enumerate(row))


def _align(rows: Sequence[Sequence[str]], near: Mapping[str, tuple[list[str], list[str]]], room: Mapping[str, float],
           gap: float) -> tuple[dict[str, float], float]:  # fmt: skip
    """Moves each node towards its neighbours without changing the order of its row."""
    extent = max((sum(room[n] for n in row) + gap * (len(row) - 1) for row in rows), default=0.0)
    at: dict[str, float] = {}
    for row in rows:
        edge = (extent - sum(room[name] for name in row) - gap * (len(row) - 1)) / 2
        for name in row:
            at[name] = edge + room[name] / 2
            edge += room[name] + gap
    for sweep in range(_SWEEPS):
        last = sweep == _SWEEPS - 1  # after those before them alone, so that a chain is drawn straight
        for row in rows if sweep % 2 == 0 or last else rows[::-1]:
            wanted = [
                _mean([at[n] for n in (*near[name][0], *(() if last else near[name][1]))], at[name]) for name in row
            ]
            at.update(zip(row, _apart(wanted, [room[name] for name in row], gap, extent), strict=True))
    return at, extent


def _apart(wanted: Sequence[float], sizes: Sequence[float], gap: float, extent: float) -> list[float]:
    """Middles near the `wanted` ones, in their order, that do not overlap, within 0 and `extent`.

    >>> _apart([5.0, 5.0], [10.0, 10.0], 2.0, 40.0)
    [5.0, 17.0]
    """
    found, edge = list(wanted), 0.0
    for i, size in enumerate(sizes):
        found[i] = max(found[i], edge + size / 2)
        edge = found[i] + size / 2 + gap
    edge = extent
    for i in reversed(range(len(sizes))):
        found[i] = min(found[i], edge - sizes[i] / 2)
        edge = found[i] - sizes[i] / 2 - gap
    return found


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
