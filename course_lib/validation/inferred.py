"""What schema does a good table suggest, and what of a new table contradicts it?

Inferred from a profile, then edited by a person who knows more: a schema that nobody has read has learned last month's
accidents by heart. Columns may belong to some environments only: a label is there in training and never when serving,
and that is no anomaly.

In the manner of TensorFlow Data Validation: presence, domain, environments, anomalies with a short and a long
description. What is left out: valency of repeated features, and derived statistics of text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from course_lib.validation.profile import ColumnProfile, Profile, Value

CATEGORIES = 20  # a column with at most as many values, or of text with few values, has a domain
SHOWN = 5  # unexpected values that a description names


@dataclass(frozen=True)
class Expected:
    """What is expected of one column."""

    kind: str
    present: float = 0.0  # least share of rows with a value
    domain: frozenset[Value] | None = None  # the values that may occur
    least: object = None  # of ordered values; None where there is no limit
    most: object = None
    environments: frozenset[str] = frozenset()  # where the column is there; empty is everywhere
    tolerated: float = 0.0  # share of values that may lie outside domain or range


@dataclass(frozen=True)
class Inferred:
    """What is expected of a table; `edited` is how a person adds what the sample could not say."""

    columns: Mapping[str, Expected] = field(default_factory=dict)

    def edited(self, column: str, **changes: object) -> Inferred:
        """The same schema with some of the fields of `Expected` changed for one column. Raises KeyError."""
        return Inferred({**self.columns, column: replace(self.columns[column], **changes)})  # type: ignore[arg-type]


class Anomaly(NamedTuple):
    """One contradiction between a profile and a schema."""

    column: str
    short: str  # the kind of anomaly
    long: str  # with the numbers


def infer(sample: Profile, slack: float = 0.01) -> Inferred:
    """A schema that `sample` keeps: kinds, shares present less `slack`, domains of categories, ranges of numbers.

    Times get no range: tomorrow's lie outside today's.
    """
    return Inferred({name: _expected(column, slack) for name, column in sample.items()})


def anomalies(found: Profile, schema: Inferred, environment: str | None = None) -> list[Anomaly]:
    """What of `found` contradicts the schema in `environment` (None: all columns), in the schema's order."""
    told = []
    for name, expected in schema.columns.items():
        wanted = environment is None or not expected.environments or environment in expected.environments
        if name not in found:
            if wanted:
                told.append(Anomaly(name, "Column dropped", "the schema expects it and the table does not have it"))
        elif not wanted:
            told.append(Anomaly(name, "Column not expected here", f"it does not belong to {environment}"))
        else:
            told += _of_column(name, found[name], expected)
    new = [name for name in found if name not in schema.columns]
    return told + [Anomaly(name, "New column", "the table has it and the schema does not know it") for name in new]


def _expected(column: ColumnProfile, slack: float) -> Expected:
    present = max(column.fraction - slack, 0.0)
    few = column.counts is not None and (column.kind in ("string", "bool") or column.distinct <= CATEGORIES)
    if few and column.counts:
        return Expected(column.kind, present, domain=frozenset(column.counts))
    if column.kind in ("int", "float"):
        return Expected(column.kind, present, least=column.least, most=column.most)
    return Expected(column.kind, present)


def _of_column(name: str, found: ColumnProfile, expected: Expected) -> list[Anomaly]:
    if found.present and found.kind != expected.kind:
        return [Anomaly(name, "Unexpected type", f"expected {expected.kind}, found {found.kind}")]
    told = []
    if found.fraction < expected.present:
        long = f"expected in {expected.present:.1%} of rows at least, found in {found.fraction:.1%}"
        told.append(Anomaly(name, "Missing values", long))
    if expected.domain is not None and found.present:
        told += _outside_domain(name, found, expected)
    if found.least is not None and expected.least is not None and found.least < expected.least:  # type: ignore[operator]
        told.append(Anomaly(name, "Out-of-range values", f"expected {expected.least} at least, found {found.least}"))
    if found.most is not None and expected.most is not None and found.most > expected.most:  # type: ignore[operator]
        told.append(Anomaly(name, "Out-of-range values", f"expected {expected.most} at most, found {found.most}"))
    return told


def _outside_domain(name: str, found: ColumnProfile, expected: Expected) -> list[Anomaly]:
    domain = expected.domain or frozenset()
    if found.counts is None:
        long = f"expected {len(domain)} values, found {found.distinct} different ones"
        return [Anomaly(name, "Unexpected values", long)]
    outside = {value: n for value, n in found.counts.items() if value not in domain}
    share = sum(outside.values()) / found.present
    if share <= expected.tolerated:
        return []
    listed = ", ".join(f"{value!r}" for value in list(outside)[:SHOWN])
    more = f" and {len(outside) - SHOWN} more" if len(outside) > SHOWN else ""
    return [Anomaly(name, "Unexpected values", f"{listed}{more}, in {share:.2%} of the values")]
