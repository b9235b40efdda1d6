"""Which columns did the TLC publish in which month, and what do they mean?

The registry is data, `headers.toml`, one entry per set of columns; this file reads it and finds the entry that
explains a given header. A header is explained when its service and its set of names match, after `normal`: order,
case, outer spaces, quotes and a byte order mark do not count. The course's own files have one more version,
`canonical`, whose columns are those of the schema without source_file and source_row.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

from course_lib.errors import SchemaDrift
from course_lib.trips.schema import NAMES, SERVICES

Month = tuple[int, int]  # year, month

# What has a canonical column whatever the file publishes.
ALWAYS = frozenset({"trip_id", "service", "source_file", "source_row"})
PROVENANCE = ("source_file", "source_row")  # set by ingestion; ignored where a file brings its own

_KIND = {
    "trip_id": "id",
    "service": "service",
    "vendor_id": "vendor",
    "rate_code": "code",
    "payment_type": "payment",
    "passengers": "count",
    "operator": "text",
    "pickup_at": "time",
    "dropoff_at": "time",
    "pickup_zone": "zone",
    "dropoff_zone": "zone",
    "distance_m": "miles",
    "fare_cents": "dollars",
    "tip_cents": "dollars",
    "tolls_cents": "dollars",
    "total_cents": "dollars",
    "surcharges_cents": "dollars",
    "vehicle_id": "integer",
    "updated_at": "time",
    "fee": "fee",
    "kept": "kept",
    "kept number": "kept number",
    "kept time": "kept time",
}
_WHOLE = {"miles": "integer", "dollars": "integer", "vendor": "code", "payment": "code"}  # the canonical units


@dataclass(frozen=True)
class Column:
    """A published column: its name, the canonical field it is (None for fees and kept columns), how it is read."""

    name: str
    field: str | None
    kind: str  # id service vendor code payment count text time zone miles dollars integer fee kept[ number| time]


@dataclass(frozen=True)
class HeaderVersion:
    """One set of published columns and the months it served (both ends belong)."""

    name: str
    service: str | None  # None for canonical, whose service is a column
    months: tuple[tuple[Month, Month], ...]
    columns: tuple[Column, ...]
    published: frozenset[str]  # the canonical fields that this version fills
    key: frozenset[str]  # its names, normalised

    def serves(self, month: Month) -> bool:
        """Whether the version was published for `month`."""
        return any(first <= month <= last for first, last in self.months)


def normal(name: str) -> str:
    """A published column name as it is compared.

    >>> normal(' "RateCodeID" ') == normal("RatecodeID")
    True
    """
    return name.lstrip("\ufeff").strip().strip("\"'").strip().casefold()


def names_key(names: Iterable[str]) -> frozenset[str]:
    """The set of normalised names that a header is matched on.

    Columns that are `passed_over` do not count.
    """
    return frozenset(name for name in map(normal, names) if not passed_over(name))


def passed_over(name: str) -> bool:
    """Whether a column is neither matched nor read: an index that pandas wrote along, or a file's own provenance.

    >>> passed_over("__index_level_0__"), passed_over("Unnamed: 0"), passed_over(""), passed_over("source_row")
    (True, True, True, True)
    """
    index = re.fullmatch(r"__index_level_\d+__|unnamed: \d+|", normal(name))
    return index is not None or normal(name) in PROVENANCE


@cache
def registry() -> tuple[HeaderVersion, ...]:
    """All versions of headers.toml in its order, then `canonical`."""
    text = Path(__file__).with_name("headers.toml").read_text(encoding="utf-8")
    return (*map(_version, tomllib.loads(text)["version"]), canonical())


@cache
def canonical() -> HeaderVersion:
    """The version of the course's own files: every canonical column but the two of provenance, in whole units."""
    columns = []
    for name in NAMES:
        if name not in PROVENANCE:
            kind = _KIND[name]
            columns.append(Column(name, name, _WHOLE.get(kind, kind)))
    return HeaderVersion(
        name="canonical",
        service=None,
        months=(),
        columns=tuple(columns),
        published=frozenset(NAMES),
        key=names_key(column.name for column in columns),
    )


def match(path: str | PurePath, names: Sequence[str], service: str | None) -> HeaderVersion:
    """The version that explains the header `names` of the file `path`.

    `service` is what the file's name says, or None: then the header alone decides. Raises SchemaDrift, with the
    nearest version of that service, where none explains it (or where a name occurs twice). Nearest is the one that
    shares most columns, so that a header cut in half is not told as one of a service that publishes few.
    """
    key = names_key(names)
    counted = [name for name in names if not passed_over(name)]
    found = {version.key: version for version in _candidates(service)}.get(key)
    if found is not None and len(counted) == len(key):
        return found
    nearest = min(_candidates(service), key=lambda v: (-len(v.key & key), len(v.key ^ key), v.name))
    seen: set[str] = set()
    new = []
    for name in counted:
        if normal(name) not in nearest.key or normal(name) in seen:
            new.append(name.strip())
        seen.add(normal(name))
    missing = [column.name for column in nearest.columns if normal(column.name) not in key]
    raise SchemaDrift(str(path), nearest=nearest.name, shared=len(nearest.key & key), new=new, missing=missing)


def explains(names: Sequence[str]) -> bool:
    """Whether any version of any service has exactly these names."""
    return names_key(names) in {version.key for version in registry()}


def overlap(names: Sequence[str]) -> int:
    """How many of the names occur in the version that shares most of them."""
    key = names_key(names)
    return max(len(version.key & key) for version in registry())


def service_in(filename: str) -> str | None:
    """The service that a file's name speaks of, or None where it names none, or several.

    >>> service_in("fhvhv_tripdata_2019-04.csv"), service_in("fhv_tripdata_2019-04.csv"), service_in("2019-04.csv")
    ('fhvhv', 'fhv', None)
    """
    found = {word for word in re.split(r"[^a-z]+", filename.lower()) if word in SERVICES}
    return found.pop() if len(found) == 1 else None


def month_in(filename: str) -> Month | None:
    """The month that a file's name speaks of.

    >>> month_in("green_tripdata_2020-10.csv.gz"), month_in("trips_202010.csv"), month_in("trips-20201017.csv")
    ((2020, 10), (2020, 10), None)
    """
    found = re.search(r"(?<!\d)((?:19|20)\d\d)[-_]?(0[1-9]|1[0-2])(?!\d)", filename)
    return (int(found[1]), int(found[2])) if found else None


def _candidates(service: str | None) -> list[HeaderVersion]:
    return [version for version in registry() if service is None or version.service in (service, None)]


def _version(entry: dict) -> HeaderVersion:
    columns = []
    for name, meaning in entry["columns"].items():
        columns.append(Column(name, meaning if meaning in NAMES else None, _KIND[meaning]))
    fields = {column.field for column in columns if column.field}
    if any(column.kind == "fee" for column in columns):
        fields.add("surcharges_cents")
    return HeaderVersion(
        name=entry["name"],
        service=entry["service"],
        months=tuple(_months(text) for text in entry["months"]),
        columns=tuple(columns),
        published=ALWAYS | fields,
        key=names_key(entry["columns"]),
    )


def _months(text: str) -> tuple[Month, Month]:
    first, last = (tuple(map(int, end.split("-"))) for end in text.split(".."))
    return (first[0], first[1]), (last[0], last[1])
