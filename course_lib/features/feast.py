"""How do training and serving read the same features? A Feast repository in a folder.

    FOLDER/
      feature_store.yaml    what Feast opens; every path in it is relative to FOLDER, so the folder can be moved
      definitions.py        what `feast apply` reads: the definitions below
      offline/              city.parquet, zone.parquet, route.parquet (features/tables.py)
      registry.db           Feast's own: holds the times of apply and materialise, so it is part of no digest
      online.db             SQLite: per key the newest reading known when the data ends

Times are local wall times. Feast wants UTC and gets them with that label; nothing is converted.

No view has a time to live. A row stands at every moment at which a value changes, also where it changes to "nothing",
so the newest row is right however old it is. And when it serves online, Feast measures age by the clock: a time to live
of a day would turn every value of an older month into nothing.

Importing Feast takes seconds and changes the process: it makes a folder in /tmp, switches prometheus_client to its
multi-process mode and replaces warning filters. `warm_up` imports it and puts all that back; `quietly` does so first.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from course_lib.features.tables import CITY, CITY_TABLE, ROUTE_TABLE, UNKNOWN, ZONE_TABLE
from course_lib.storage.layout import write_table

if TYPE_CHECKING:
    from feast import FeatureStore

TABLES = {"city": CITY_TABLE, "zone": ZONE_TABLE, "route": ROUTE_TABLE}
KEYS = {"city": ("city",), "zone": ("pickup_zone",), "route": ("pickup_zone", "dropoff_zone")}
KNOWN_AT = "event_timestamp"
FEATURES = {view: [f.name for f in schema if f.name not in (*KEYS[view], KNOWN_AT)] for view, schema in TABLES.items()}
REFERENCES = [f"{view}:{feature}" for view, features in FEATURES.items() for feature in features]

_YAML = """\
# Opened by Feast; every path is relative to this folder.
project: taxi
provider: local
registry: {path: registry.db, cache_ttl_seconds: 0}
online_store: {type: sqlite, path: online.db}
# The as-of join of the course; `type: file` is Feast's own.
offline_store: {type: course_lib.features.offline_store.AsOfOfflineStore}
entity_key_serialization_version: 3
# The same rows as Feast's own engine, in a quarter of the time; `batch_engine: local` is Feast's own.
batch_engine: {type: course_lib.features.bulk_engine.BulkEngine}
materialization: {pull_latest_features: true, online_write_batch_size: 10000}
"""
_DEFINITIONS = '''\
"""What `feast apply` registers; the definitions live in the library."""

from course_lib.features.feast import definitions

for _one in definitions():
    globals()[f"{type(_one).__name__}_{_one.name}"] = _one
'''
_PROMETHEUS = ("PROMETHEUS_MULTIPROCESS_DIR", "PROMETHEUS_MULTIPROC_DIR")
_ASK_AT_ONCE = 1000  # online rows; SQLite limits the variables of a statement


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """A block in which Feast may be imported and used without a trace: no prints, warnings, folders or switches."""
    warm_up()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def warm_up() -> None:
    """Import Feast, and leave the process as it was."""
    if "feast" in sys.modules:
        return
    import prometheus_client  # noqa: F401  before Feast: it looks at the environment once, when imported
    import typeguard

    before = {name: os.environ.get(name) for name in _PROMETHEUS}
    checks = typeguard.typechecked
    try:
        # Feast has its classes compiled again with type checks in them while it is imported: five seconds of seven.
        typeguard.typechecked = _unchecked
        for name in _PROMETHEUS:
            os.environ.setdefault(name, os.devnull)  # where it is unset, Feast makes a folder in /tmp
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import feast
            import feast.metrics  # noqa: F401
    finally:
        typeguard.typechecked = checks
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _unchecked(target: Any = None, **_: Any) -> Any:
    """Typeguard's decorator without the checks; used bare and with arguments."""
    return target if target is not None else _unchecked


def definitions() -> list[Any]:
    """Feast's entities and feature views, from the schemas of features/tables.py."""
    from datetime import timedelta

    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64, Int32, Int64

    types = {pa.int32(): Int32, pa.int64(): Int64, pa.float64(): Float64}
    entities = {
        key: Entity(name=key, join_keys=[key], value_type=ValueType.INT32)
        for key in dict.fromkeys(key for keys in KEYS.values() for key in keys)
    }
    views = [
        FeatureView(
            name=view,
            entities=[entities[key] for key in KEYS[view]],
            ttl=timedelta(0),  # none: see above
            schema=[Field(name=f.name, dtype=types[f.type]) for f in schema if f.name != KNOWN_AT],
            source=FileSource(name=f"{view}_source", path=f"offline/{view}.parquet", timestamp_field=KNOWN_AT),
        )
        for view, schema in TABLES.items()
    ]
    return [*entities.values(), *views]


def build_store(folder: Path, city: pa.Table, zone: pa.Table, route: pa.Table) -> FeatureStore:
    """Fill `folder` with a Feast repository over the three tables; the store, not yet materialised."""
    for name, table in (("city", city), ("zone", zone), ("route", route)):
        write_table(table, folder / "offline" / f"{name}.parquet")
    (folder / "feature_store.yaml").write_text(_YAML)
    (folder / "definitions.py").write_text(_DEFINITIONS)
    store = open_store(folder)
    with quietly():
        store.apply(definitions())
    close(store)
    return store


def open_store(folder: Path) -> FeatureStore:
    """The store in `folder`."""
    with quietly():
        from feast import FeatureStore

        logging.getLogger("feast").setLevel(logging.ERROR)
        return FeatureStore(repo_path=str(folder))


def training_set(store: FeatureStore, trips: pa.Table) -> pa.Table:
    """Each trip with every feature as known at its pickup.

    trips     (n rows)  pickup_at, pickup_zone, dropoff_zone (nulls ask for UNKNOWN), and whatever should come along
    returns   (n rows)  the trips in their order, plus the features of FEATURES; null where nothing was known
    """
    asked = pa.table(
        {
            "city": pa.array([CITY], pa.int32()).take(pa.array([0] * trips.num_rows, pa.int32())),
            "pickup_zone": trips["pickup_zone"].fill_null(UNKNOWN),
            "dropoff_zone": trips["dropoff_zone"].fill_null(UNKNOWN),
            KNOWN_AT: trips["pickup_at"],
        }
    ).to_pandas()
    with quietly():
        known = store.get_historical_features(entity_df=asked, features=REFERENCES).to_arrow()
    if known.num_rows != trips.num_rows:
        raise ValueError(f"asked for {trips.num_rows} trips, the store answered {known.num_rows}: it lost some")
    for view, features in FEATURES.items():
        for feature in features:
            trips = trips.append_column(
                TABLES[view].field(feature).with_nullable(True), known[feature].combine_chunks()
            )
    return trips


def materialise(store: FeatureStore, end: datetime) -> None:
    """Bring the newest reading of every key known at `end` into the online store.

    `end` comes from the data: a materialisation that asks the clock cannot be repeated.
    """
    with quietly():
        store.materialize(start_date=datetime(1, 1, 1, tzinfo=UTC), end_date=end.replace(tzinfo=UTC))


def online(store: FeatureStore, rows: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """What the online store answers to each of `rows` (pickup_zone, dropoff_zone): the keys, every feature or None."""
    answers: list[dict[str, Any]] = []
    for i in range(0, len(rows), _ASK_AT_ONCE):
        asked = [{"city": CITY, **row} for row in rows[i : i + _ASK_AT_ONCE]]
        with quietly():
            columns = store.get_online_features(features=REFERENCES, entity_rows=asked).to_dict()
        answers += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return answers


def close(store: FeatureStore) -> None:
    """Let go of online.db, so that its folder can be moved; Feast's own `close` leaves SQLite open.

    The store opens it again when it is next asked.
    """
    online_store: Any = store._get_provider().online_store
    connection = getattr(online_store, "_conn", None)
    if connection is not None:
        connection.close()
        online_store._conn = None
