"""How do tens of thousands of keys reach the online store in a second or two?

Feast's local engine turns every value of a table into a message, checks it, and runs a statement for it: 0.15 ms a key,
ten seconds for the routes of a city. This engine writes the same rows (a test compares them byte by byte with those of
Feast's engine), made by Feast's own encoders, in one statement and one transaction per feature view: all of a view or
nothing of it. It is plugged in by its class name in feature_store.yaml and is for SQLite alone;
`batch_engine: local` there brings Feast's own back.

This module imports Feast (seconds); Feast imports it by name when it is needed.
"""

# ruff: noqa: E402  Feast is imported by warm_up, whoever imports this module

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from course_lib.features.feast import warm_up

warm_up()

import numpy as np
import pyarrow as pa
from feast.infra.common.materialization_job import MaterializationJobStatus, MaterializationTask
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.infra.compute_engines.local.job import LocalMaterializationJob
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.helpers import compute_table_id
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigBaseModel

# Which field of Feast's Value holds a number of this Parquet type.
_HOLDS = {pa.int64(): "int64_val", pa.float64(): "double_val"}


class BulkEngineConfig(FeastConfigBaseModel):
    """The `batch_engine` section of feature_store.yaml."""

    type: str = "course_lib.features.bulk_engine.BulkEngine"


class BulkEngine(LocalComputeEngine):
    """Feast's local engine with its writing replaced."""

    def _materialize_one(self, registry: Any, task: MaterializationTask, **kwargs: Any) -> LocalMaterializationJob:
        job = f"{task.feature_view.name}-{task.start_time}-{task.end_time}"
        try:
            self._write(task)
        except Exception as error:  # Feast asks the job whether it failed, and raises this error then
            return LocalMaterializationJob(job_id=job, status=MaterializationJobStatus.ERROR, error=error)
        return LocalMaterializationJob(job_id=job, status=MaterializationJobStatus.SUCCEEDED)

    def _write(self, task: MaterializationTask) -> None:
        view, config = task.feature_view, self.repo_config
        source: Any = view.batch_source
        keys = [column.name for column in view.entity_columns]
        features = [field.name for field in view.features]
        newest = self.offline_store.pull_latest_from_table_or_query(
            config=config,
            data_source=source,
            join_key_columns=keys,
            feature_name_columns=features,
            timestamp_field=source.timestamp_field,
            created_timestamp_column=None,
            start_date=task.start_time,
            end_date=task.end_time,
        ).to_arrow()
        online_store: Any = self.online_store
        connection = online_store._get_conn(config)
        versioned = config.registry.enable_online_feature_view_versioning
        table = compute_table_id(task.project, view, versioned).replace('"', '""')
        # Not REPLACE, which deletes the row first: an upsert touches the columns below and no other.
        statement = (
            f'INSERT INTO "{table}" (entity_key, feature_name, value, value_text, event_ts, created_ts) '  # noqa: S608
            "VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (entity_key, feature_name) DO UPDATE SET "
            "value = excluded.value, value_text = excluded.value_text, event_ts = excluded.event_ts, created_ts = NULL"
        )
        rows = sorted(_rows(newest, keys, features, source.timestamp_field))  # in the order of the index: twice as fast
        with connection:
            connection.executemany(statement, rows)


def _rows(table: pa.Table, keys: list[str], features: list[str], known_at: str) -> Iterator[tuple]:
    """(entity_key, feature_name, value, value_text, event_ts) for every row and feature of `table`."""
    encoders = [(name, _encoder(_HOLDS[table.schema.field(name).type])) for name in features]
    columns = [table[name].to_pylist() for name in features]
    moments = table[known_at].cast(pa.timestamp("us")).to_pylist()
    for entity, moment, values in zip(_entities(table, keys), moments, zip(*columns, strict=True), strict=True):
        for (name, encoded), value in zip(encoders, values, strict=True):
            yield entity, name, encoded(value), None if value is None else str(value), moment


def _entities(table: pa.Table, keys: list[str]) -> Iterator[bytes]:
    """The bytes of each row's key, whose parts are int32.

    Feast's encoder writes names, types and lengths, which are the same for every row, and each value as it is. So
    it is asked once for a key of zeros and once per part for where that part stands, instead of 10 us a row.
    """

    def encoded(values: list[int]) -> bytes:
        parts = [_value("int32_val", value) for value in values]
        return serialize_entity_key(EntityKey(join_keys=keys, entity_values=parts), entity_key_serialization_version=3)

    zeros = encoded([0] * len(keys))
    places = []
    for i in range(len(keys)):
        other = encoded([-1 if j == i else 0 for j in range(len(keys))])
        places.append(next(at for at in range(len(zeros)) if zeros[at] != other[at]))
    whole = np.tile(np.frombuffer(zeros, np.uint8), (table.num_rows, 1))
    for name, at in zip(keys, places, strict=True):
        if table.schema.field(name).type != pa.int32():
            raise TypeError(f"the key {name} is {table.schema.field(name).type}; this engine writes int32 keys")
        whole[:, at : at + 4] = table[name].to_numpy().astype("<i4").view(np.uint8).reshape(-1, 4)
    return (row.tobytes() for row in whole)


def _value(field: str, number: float) -> Value:
    parts: dict[str, Any] = {field: number}
    return Value(**parts)


def _encoder(field: str) -> Callable[[float | None], bytes]:
    """A function from a number or None to the bytes of Feast's Value; counts repeat, so the last ones are kept."""

    @lru_cache(maxsize=1024)
    def encoded(value: float | None) -> bytes:
        return b"" if value is None else _value(field, value).SerializeToString()

    return encoded
