"""What is in an object store, and which of it is new?

A store has no folders and no rename: names with a common beginning (a prefix), and objects that are replaced whole. A
month of trips is what lies under its prefix. The store gives each content a tag (ETag): an object whose tag is known is
not read again, one whose tag has changed is read anew, and a name that is gone is told.

    trips/month=2024-01/part-0.parquet
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa
    from fsspec import AbstractFileSystem


class Stored(NamedTuple):
    """An object of the store."""

    name: str  # bucket and key
    size: int  # bytes
    tag: str  # of the content


class News(NamedTuple):
    """What a listing says that was not known."""

    read: tuple[Stored, ...]  # new or replaced
    gone: tuple[str, ...]


def listing(store: AbstractFileSystem, prefix: str) -> list[Stored]:
    """The objects whose names begin with `prefix` (bucket/key), by name; however many pages the answer has."""
    found = store.find(prefix, detail=True)
    return [
        Stored(name, int(told["size"]), str(told["ETag"]).strip('"'))
        for name, told in sorted(found.items())
        if not name.endswith("/")
    ]


def of_months(objects: Iterable[Stored], months: Iterable[str]) -> list[Stored]:
    """The objects of these months (YYYY-MM), by the part `month=` of their names."""
    wanted = {f"month={month}" for month in months}
    return [one for one in objects if wanted & set(one.name.split("/"))]


def news(objects: Iterable[Stored], known: Mapping[str, str]) -> News:
    """What is to be read, and what is gone, where `known` are the names and tags of the last time.

    >>> news([Stored("b/x", 9, "new"), Stored("b/y", 9, "same")], {"b/x": "old", "b/y": "same", "b/z": "gone"})
    News(read=(Stored(name='b/x', size=9, tag='new'),), gone=('b/z',))
    """
    objects = list(objects)
    names = {one.name for one in objects}
    return News(
        tuple(one for one in objects if known.get(one.name) != one.tag),
        tuple(sorted(name for name in known if name not in names)),
    )


def read_each(store: AbstractFileSystem, objects: Iterable[Stored], columns: list[str] | None = None) -> list[pa.Table]:
    """The rows of each of some Parquet objects, in their order.

    Whole objects are fetched several at a time; of `columns` only their bytes are fetched, one object after the other.
    Raises UnreadableFile for one that is not Parquet.
    """
    names = [one.name for one in objects]
    if columns is None:
        found = store.cat(names) if names else {}
        return [_parsed(name, io.BytesIO(found[name]), None) for name in names]
    tables = []
    for name in names:
        with store.open(name, "rb", cache_type="none") as file:
            tables.append(_parsed(name, file, columns))
    return tables


def read_objects(store: AbstractFileSystem, objects: Iterable[Stored], columns: list[str] | None = None) -> pa.Table:
    """The rows of Parquet objects of one schema, one after the other. Raises ValueError where there is no object."""
    import pyarrow as pa

    found = read_each(store, objects, columns)
    if not found:
        raise ValueError("no objects were named: list a prefix that holds some")
    return pa.concat_tables(found)


def _parsed(name: str, file: IO[bytes], columns: list[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from course_lib.errors import UnreadableFile

    try:
        return pq.read_table(file, columns=columns)
    except pa.ArrowInvalid as error:
        raise UnreadableFile(name, f"is not Parquet: {error}", "Look at what wrote it.") from error
