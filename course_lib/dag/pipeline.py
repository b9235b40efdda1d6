"""What is a pipeline, written down before it runs?

P = (V, E, T): V are datasets, T are transformations (here: steps), and E says which dataset is made from which, by
which step. A step names what it reads and what it writes, with the columns it relies on; everything else follows from
that: sources, order, what is behind a wrong number, what a correction makes stale.

Types of columns have Arrow's names ("int32", "timestamp[us]"). An empty schema says nothing about columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from course_lib.dag import graph

Schema = Mapping[str, str]  # column -> type


class Edge(NamedTuple):
    """`target` is made from `source` by `step`."""

    source: str
    target: str
    step: str


@dataclass(frozen=True)
class Step:
    """A transformation: dataset -> columns it needs, and dataset -> columns it makes.

    after   steps that have to be finished first although nothing of theirs is read, such as an audit
    """

    name: str
    reads: Mapping[str, Schema] = field(default_factory=dict)
    writes: Mapping[str, Schema] = field(default_factory=dict)
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """Steps in any order, and the datasets that come from outside with their columns.

    Raises ValueError: two steps of one name, a step that waits for one that is not there, a step that writes a source.

    >>> taxi = Pipeline(
    ...     (Step("validate", {"bronze": {}}, {"silver": {}}), Step("ingest", {"files": {}}, {"bronze": {}})),
    ...     {"files": {}},
    ... )
    >>> taxi.order()
    ['ingest', 'validate']
    >>> taxi.edges()[0]
    Edge(source='bronze', target='silver', step='validate')
    """

    steps: tuple[Step, ...]
    sources: Mapping[str, Schema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        for step in self.steps:
            if names.count(step.name) > 1:
                raise ValueError(f"two steps are called {step.name!r}: give one of them another name")
            if unknown := sorted(set(step.after) - set(names)):
                raise ValueError(f"step {step.name!r} waits for {unknown[0]!r}, which is no step of this pipeline")
            if given := sorted(step.writes.keys() & self.sources.keys()):
                raise ValueError(f"step {step.name!r} writes {given[0]!r}, which comes from outside")

    def step(self, name: str) -> Step:
        """The step called `name`. Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def datasets(self) -> list[str]:
        """V: sources, and all that is read or written, sorted."""
        return sorted({*self.sources, *(name for step in self.steps for name in (*step.reads, *step.writes))})

    def edges(self) -> list[Edge]:
        """E, each edge with the T on it; sorted."""
        return sorted(Edge(a, b, step.name) for step in self.steps for a in step.reads for b in step.writes)

    def writers(self, dataset: str) -> list[str]:
        """The steps that write `dataset`, sorted; none for a source, or for what is missing."""
        return sorted(step.name for step in self.steps if dataset in step.writes)

    def dataset_needs(self) -> dict[str, set[str]]:
        """Each dataset with those that it is made from, as a graph."""
        needs: dict[str, set[str]] = {name: set() for name in self.datasets()}
        for edge in self.edges():
            needs[edge.target].add(edge.source)
        return needs

    def step_needs(self) -> dict[str, set[str]]:
        """Each step with those that have to be finished before it, as a graph."""
        writers = {name: self.writers(name) for name in self.datasets()}
        return {
            step.name: {*step.after, *(writer for name in step.reads for writer in writers[name])}
            for step in self.steps
        }

    def without_column(self, dataset: str, column: str) -> Pipeline:
        """The pipeline after somebody tidied `column` of `dataset` away: no step makes it any more. Raises KeyError."""
        if not any(column in step.writes.get(dataset, {}) for step in self.steps):
            raise KeyError(f"{dataset}.{column}")
        lean = {
            step.name: {name: kind for name, kind in step.writes.get(dataset, {}).items() if name != column}
            for step in self.steps
        }
        steps = (
            replace(step, writes={**step.writes, dataset: lean[step.name]}) if dataset in step.writes else step
            for step in self.steps
        )
        return replace(self, steps=tuple(steps))

    def order(self) -> list[str]:
        """The steps in an order in which they can run. Raises graph.Cycle."""
        return graph.order(self.step_needs())

    def upstream(self, dataset: str) -> set[str]:
        """The datasets behind `dataset`: where to look when a number in it is wrong. Raises KeyError."""
        return graph.ancestors(self.dataset_needs(), dataset)

    def downstream(self, dataset: str) -> set[str]:
        """The datasets made from `dataset`: what is stale when it is corrected. Raises KeyError."""
        return graph.descendants(self.dataset_needs(), dataset)
