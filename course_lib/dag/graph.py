"""In what order can things be done that need each other?

A graph is a mapping from each node to the nodes that it needs, as in the standard library's graphlib:
`{"gold": ["silver"], "silver": ["bronze"]}`. A node that is only needed, such as bronze, belongs to the graph too.
Answers depend on the graph alone, never on the order in which it is written down: where several nodes would do, the
one whose name sorts first is taken.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

Needs = Mapping[str, Iterable[str]]


class Cycle(ValueError):
    """Nodes that wait for each other; `path` leads along the data and ends where it began."""

    def __init__(self, path: Iterable[str]):
        self.path = tuple(path)
        super().__init__(" -> ".join(self.path))


def whole(needs: Needs) -> dict[str, set[str]]:
    """The graph with an entry for every node, also for those that are only needed.

    >>> {node: sorted(needed) for node, needed in whole({"gold": ["silver"]}).items()}
    {'gold': ['silver'], 'silver': []}
    """
    every = {node: set(needed) for node, needed in needs.items()}
    for needed in list(every.values()):
        for node in needed:
            every.setdefault(node, set())
    return every


def feeds(needs: Needs) -> dict[str, set[str]]:
    """The same graph the other way round: each node with those that need it.

    >>> {node: sorted(fed) for node, fed in feeds({"gold": ["silver"]}).items()}
    {'gold': [], 'silver': ['gold']}
    """
    every = whole(needs)
    turned: dict[str, set[str]] = {node: set() for node in every}
    for node, needed in every.items():
        for parent in needed:
            turned[parent].add(node)
    return turned


def order(needs: Needs) -> list[str]:
    """Every node once, each after all that it needs. Raises Cycle.

    Source: Kahn, "Topological sorting of large networks" (1962).

    >>> order({"gold": ["silver"], "silver": ["bronze"], "quarantine": ["bronze"]})
    ['bronze', 'quarantine', 'silver', 'gold']
    >>> order({"a": ["c"], "b": ["a"], "c": ["b"]})
    Traceback (most recent call last):
    course_lib.dag.graph.Cycle: a -> b -> c -> a
    """
    every, after = whole(needs), feeds(needs)
    missing = {node: len(needed) for node, needed in every.items()}
    ready = [node for node, count in missing.items() if not count]
    heapq.heapify(ready)
    done: list[str] = []
    while ready:
        node = heapq.heappop(ready)
        done.append(node)
        for child in after[node]:
            missing[child] -= 1
            if not missing[child]:
                heapq.heappush(ready, child)
    if len(done) < len(every):
        raise Cycle(_around(every, set(every) - set(done)))
    return done


def _around(every: Mapping[str, set[str]], stuck: set[str]) -> list[str]:
    """One cycle among the nodes that never became ready, from the name that sorts first.

    Each of them needs another of them, so a walk from one to a node it needs cannot end: it must come back to where
    it has been. (Walking to a node that is fed may end: not all that waits for a cycle is on it.)
    """
    walk = [min(stuck)]
    while (parent := min(every[walk[-1]] & stuck)) not in walk:
        walk.append(parent)
    along = walk[walk.index(parent) :][::-1]  # the walk went against the data
    first = along.index(min(along))
    return [*along[first:], *along[:first], along[first]]


def ancestors(needs: Needs, node: str) -> set[str]:
    """All that `node` needs, directly or not: what has to be right before it can be. Raises KeyError.

    >>> sorted(ancestors({"gold": ["silver"], "silver": ["bronze"]}, "gold"))
    ['bronze', 'silver']
    """
    return _reach(whole(needs), node)


def descendants(needs: Needs, node: str) -> set[str]:
    """All that needs `node`, directly or not: what has to be made again when it changes. Raises KeyError.

    >>> sorted(descendants({"gold": ["silver"], "silver": ["bronze"]}, "bronze"))
    ['gold', 'silver']
    """
    return _reach(feeds(needs), node)


def _reach(towards: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(towards[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += towards[node]
    return found


def layers(needs: Needs) -> list[list[str]]:
    """The nodes by the longest way that leads to them; nodes of one layer may be done at the same time. Raises Cycle.

    >>> layers({"gold": ["silver"], "silver": ["bronze"], "quarantine": ["bronze"]})
    [['bronze'], ['quarantine', 'silver'], ['gold']]
    """
    every = whole(needs)
    depth: dict[str, int] = {}
    for node in order(every):
        depth[node] = max((depth[parent] + 1 for parent in every[node]), default=0)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in sorted(depth):
        found[depth[node]].append(node)
    return found
