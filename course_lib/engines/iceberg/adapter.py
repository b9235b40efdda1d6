"""How does an Iceberg user keep a table that others read while it changes?

An Iceberg table is Parquet files, manifests that list them, and a metadata file that lists the manifests of every
snapshot. Which metadata file is the current one is what a catalog knows, and nothing else: a commit asks it to swap
that name, if it still is the one the work began from. Here the catalog is a SQLite file; in a company it is a service.

A snapshot is a version of the whole table. It has a number that says nothing, not a place in a row.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

NAME = "taxi.trips"


def catalog_of(table: Path) -> Catalog:
    """The catalog of the tables in a folder."""
    (table / "warehouse").mkdir(parents=True, exist_ok=True)
    places = {"uri": f"sqlite:///{table / 'catalog.db'}", "warehouse": f"file://{table / 'warehouse'}"}
    return load_catalog("course", type="sql", **places)  # as_uri() would escape, and PyIceberg takes %20 as it stands


def create(table: Path, rows: Path) -> str:
    """A new table with the rows of a Parquet file; its version."""
    arrow = pq.read_table(rows)
    catalog = catalog_of(table)
    catalog.create_namespace("taxi")
    trips = catalog.create_table(NAME, schema=arrow.schema)  # Arrow's types become Iceberg's, nulls or not as there
    with trips.update_schema() as change:
        change.set_identifier_fields("trip_id")  # what upsert looks rows up by
    trips.append(arrow)
    return version_of(trips)


def append(table: Path, rows: Path) -> str:
    """The table with more rows; the new version."""
    trips = catalog_of(table).load_table(NAME)
    trips.append(pq.read_table(rows))
    return version_of(trips)


def correct(table: Path, rows: Path, before_commit: Callable[[], None]) -> str:
    """The table with each row of `rows` in the place of the one with its trip_id; the new version.

    Raises CommitFailedException where somebody else committed meanwhile: load again, then decide.
    """
    trips = catalog_of(table).load_table(NAME)  # as it is now
    change = pq.read_table(rows)
    before_commit()
    trips.upsert(change)
    return version_of(trips)


def read(table: Path, answer: Path, version: str | None = None) -> None:
    """Write all rows of the table to one Parquet file, as they are now or as they were in a version."""
    trips = catalog_of(table).load_table(NAME)
    scan = trips.scan(snapshot_id=None if version is None else int(version))
    pq.write_table(scan.to_arrow(), answer)


def version_of(trips: Table) -> str:
    """The current snapshot."""
    snapshot = trips.current_snapshot()
    assert snapshot is not None
    return str(snapshot.snapshot_id)
