"""How does Feast read history without joining every trip with every reading?

Feast's own file store joins first and picks afterwards: a trip meets every reading its zone ever had, and on the way
trips get lost: those whose keys have their first reading still ahead of them, and those that share keys and second
with another. 3,000 trips of a month took it over a minute and 1.2 GB, and 948 came back; this store answers 91,000 in
a second.

It is plugged in by its class name in feature_store.yaml, which is Feast's way to extend it, reads the same Parquet
files and does the as-of join of point_in_time.py: a row per question, in the order asked. `type: file` there asks
Feast's own store instead; a test holds both to the same values for every trip that the other one keeps.

This module imports Feast (seconds); Feast imports it by name when it is needed.
"""

# ruff: noqa: E402  Feast is imported by warm_up, whoever imports this module

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.features.feast import warm_up

warm_up()

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from feast.feature_view import FeatureView
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.utils import _get_requested_feature_views_to_features_dict

from course_lib.features.point_in_time import Ints, as_of, encode, newest

ASKED_AT = "event_timestamp"  # Feast's name for the moment of a question


class AsOfOfflineStoreConfig(FeastConfigBaseModel):
    """The `offline_store` section of feature_store.yaml."""

    type: str = "course_lib.features.offline_store.AsOfOfflineStore"


class ArrowJob(RetrievalJob):
    """A table that is computed when it is asked for."""

    def __init__(self, compute: Callable[[], pa.Table], full_feature_names: bool, metadata: RetrievalMetadata | None):
        self._compute, self._full_feature_names, self._metadata = compute, full_feature_names, metadata

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._compute()

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return self._compute().to_pandas()

    @property
    def full_feature_names(self) -> bool:
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list:
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        return self._metadata


class AsOfOfflineStore(OfflineStore):
    """History in one Parquet file per feature view; keys are integers, times are microseconds."""

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: Any,
        registry: Any,
        project: str,
        full_feature_names: bool = False,
        **kwargs: Any,
    ) -> RetrievalJob:
        """The rows of `entity_df` in their order, plus each requested feature as known at their event_timestamp."""
        if not isinstance(entity_df, pd.DataFrame) or ASKED_AT not in entity_df:
            raise ValueError(
                f"this store wants a pandas DataFrame with the column {ASKED_AT!r}: what to know, and when"
            )
        wanted, _ = _get_requested_feature_views_to_features_dict(feature_refs, feature_views, [])

        def compute() -> pa.Table:
            answer = pa.Table.from_pandas(entity_df, preserve_index=False)
            at = _micros(answer[ASKED_AT])
            for view, features in wanted.items():
                source: Any = view.batch_source
                keys = [column.name for column in view.entity_columns]
                asked = [view.projection.join_key_map.get(key, key) for key in keys]
                known = _read(config, source, [*keys, source.timestamp_field, *features])
                known_at = _micros(known[source.timestamp_field])
                ours, theirs = encode(_keys(answer, asked), _keys(known, keys))
                found = as_of(ours, at, theirs, known_at)
                if view.ttl:
                    oldest = at - int(view.ttl.total_seconds() * 1_000_000)
                    found = np.where((found >= 0) & (np.append(known_at, 0)[found] >= oldest), found, -1)
                rows = pa.array(found, mask=found < 0)
                for feature in features:
                    name = f"{view.projection.name_to_use()}__{feature}" if full_feature_names else feature
                    answer = answer.append_column(name, known[feature].take(rows))
            return answer

        moments = entity_df[ASKED_AT]
        metadata = RetrievalMetadata(
            features=feature_refs,
            keys=[column for column in entity_df.columns if column != ASKED_AT],
            min_event_timestamp=moments.min() if len(moments) else None,
            max_event_timestamp=moments.max() if len(moments) else None,
        )
        return ArrowJob(compute, full_feature_names, metadata)

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,
        data_source: Any,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """The newest reading of every key with start_date <= time <= end_date."""

        def compute() -> pa.Table:
            columns = [*join_key_columns, *feature_name_columns, timestamp_field]
            table = _between(config, data_source, columns, timestamp_field, start_date, end_date)
            keys = [table[name].to_numpy() for name in join_key_columns]
            return table.take(pa.array(newest(keys, _micros(table[timestamp_field]))))

        return ArrowJob(compute, full_feature_names=False, metadata=None)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,
        data_source: Any,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """Every reading with start_date <= time <= end_date, in the order of the file."""

        def compute() -> pa.Table:
            columns = [*join_key_columns, *feature_name_columns, timestamp_field]
            return _between(config, data_source, columns, timestamp_field, start_date, end_date)

        return ArrowJob(compute, full_feature_names=False, metadata=None)


def _between(
    config: RepoConfig,
    source: Any,
    columns: list[str],
    timestamp_field: str,
    start: datetime | None,
    end: datetime | None,
) -> pa.Table:
    """The readings with start <= time <= end, in the order of the file."""
    table = _read(config, source, columns)
    moments = _micros(table[timestamp_field])
    keep = np.ones(len(moments), bool)
    if start is not None:
        keep &= moments >= _micro(start)
    if end is not None:
        keep &= moments <= _micro(end)
    return table if keep.all() else table.filter(pa.array(keep))


def _read(config: RepoConfig, source: Any, columns: list[str]) -> pa.Table:
    """Some columns of a view's file; a relative path is relative to the repository."""
    path = Path(config.repo_path or ".") / source.path  # an absolute path replaces what is before it
    with pq.ParquetFile(path) as file:
        return file.read(columns=list(dict.fromkeys(columns)), use_threads=False)


def _keys(table: pa.Table, names: list[str]) -> np.ndarray:
    return np.stack([table[name].to_numpy().astype(np.int64) for name in names])


def _micros(column: pa.ChunkedArray) -> Ints:
    """Feast labels wall times as UTC; the number is the same with and without the label."""
    zone = column.type.tz
    return column.cast(pa.timestamp("us", zone)).cast(pa.int64()).to_numpy()


def _micro(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
