"""May a source change its schema, and whom does it break?

A schema is registered before data of it is written, and a change that breaks someone is refused there, not found in the
data. Who is protected depends on who is upgraded first (the words are those of Confluent's Schema Registry):

    backward   readers go first: the new schema reads old data     may drop fields, may add optional ones, may widen
    forward    writers go first: the old schema reads new data     may add fields, may drop optional ones, may narrow
    full       in any order: both

A field is optional when it may be missing (null then). Widening is what loses nothing: int32 to int64, int16 and int32
to double. A rename is a drop and an addition, unless the new field names the old one as its alias.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from course_lib.errors import CheckFailed

Mode = Literal["backward", "forward", "full"]
WIDENS = {("int16", "int32"), ("int16", "int64"), ("int32", "int64"), ("int16", "double"), ("int32", "double")}


class Field(NamedTuple):
    """A field of a source's schema."""

    name: str
    type: str  # int16, int32, int64, double, string, timestamp, bool
    optional: bool = False
    aliases: tuple[str, ...] = ()  # earlier names


Schema = tuple[Field, ...]


def breaks_reader(reader: Schema, writer: Schema) -> list[str]:
    """Why data of the schema `writer` cannot be read as `reader`, in words; empty where it can.

    >>> old, new = (Field("fare", "int32"),), (Field("fare", "int64"), Field("tip", "int32"))
    >>> breaks_reader(new, old)
    ['tip is required, and old data has none']
    >>> breaks_reader(old, new)
    ['fare is written as int64, and int32 cannot hold it']
    """
    written = {one.name: one for one in writer}
    found = []
    for one in reader:
        source = next((written[name] for name in (one.name, *one.aliases) if name in written), None)
        if source is None:
            if not one.optional:
                found.append(f"{one.name} is required, and old data has none")
        elif source.type != one.type and (source.type, one.type) not in WIDENS:
            found.append(f"{one.name} is written as {source.type}, and {one.type} cannot hold it")
        elif source.optional and not one.optional:
            found.append(f"{one.name} may be missing in the data, and the reader requires it")
    return found


def breaks(old: Schema, new: Schema, mode: Mode) -> list[str]:
    """Why going from `old` to `new` breaks the promise `mode`; empty where it keeps it."""
    found = []
    if mode in ("backward", "full"):
        found += [f"new readers of old data: {why}" for why in breaks_reader(new, old)]
    if mode in ("forward", "full"):
        found += [f"old readers of new data: {why}" for why in breaks_reader(old, new)]
    return found


@dataclass
class Registry:
    """Versions of schemas by subject, each compatible with the one before."""

    mode: Mode = "backward"
    versions: dict[str, list[Schema]] = field(default_factory=dict)

    def register(self, subject: str, schema: Schema) -> int:
        """The version (from 1) of `schema`; a known one keeps its number. Raises CheckFailed with every reason."""
        names = [one.name for one in schema]
        if len(set(names)) != len(names):
            raise ValueError(f"{subject}: a field stands twice in {names}")
        known = self.versions.setdefault(subject, [])
        if schema in known:
            return known.index(schema) + 1
        why = breaks(known[-1], schema, self.mode) if known else []
        if why:
            raise CheckFailed([(subject, reason) for reason in why])
        known.append(schema)
        return len(known)

    def latest(self, subject: str) -> Schema:
        """The newest schema of a subject. Raises KeyError."""
        return self.versions[subject][-1]


@dataclass(frozen=True)
class SourceContract:
    """What a source promises of each delivery; whoever breaks it is told before anyone computes with it."""

    source: str
    schema: Schema
    key: str  # one row each
    fresh: timedelta  # the newest row is not older than this when it is delivered
    rows: tuple[int, int]  # least and most of a delivery

    def violations(self, delivery: pa.Table, changed: str, now: datetime) -> Mapping[str, str]:
        """The promises that a delivery breaks, each with what was found. `changed` is the column of change times."""
        found = {}
        types = {"timestamp[us]": "timestamp"}
        written = tuple(
            Field(name, types.get(str(kind), str(kind)), optional=delivery[name].null_count > 0)
            for name, kind in zip(delivery.schema.names, delivery.schema.types, strict=True)
        )
        why = breaks_reader(self.schema, written)
        if why:
            found["schema"] = "; ".join(why)
        if self.key in delivery.schema.names:
            repeated = delivery.num_rows - pc.count_distinct(delivery[self.key], mode="all").as_py()
            if repeated:
                found["key"] = f"{repeated} rows repeat a {self.key}"
        least, most = self.rows
        if not least <= delivery.num_rows <= most:
            found["rows"] = f"{delivery.num_rows} rows, promised are {least} to {most}"
        newest = pc.max(delivery[changed]).as_py() if changed in delivery.schema.names else None
        if newest is None or now - newest > self.fresh:
            found["fresh"] = f"the newest row is of {newest}, promised are {self.fresh} at most"
        return found
