"""How does a Feast user serve features, for training and for prediction?

A feature view says which columns of which source are features, of which entity, and which column is their time. From
then on two questions have one definition: what was known then (a join, for training) and what is known now (a lookup,
for prediction). `materialize` copies the newest known reading of every entity into a small database for the second.

The one decision that matters is which time. `measured_at` is the hour a reading is about, `known_at` is when it had
arrived. Joined by the first, a question at nine o'clock gets the reading about nine o'clock, which came at half past
eleven: the model learns from the future, scores well, and fails when it is used.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource
from feast.data_source import PushMode
from feast.types import Float64, Int64
from feast.value_type import ValueType

CONFIG = """\
project: taxi
provider: local
registry: {path: registry.db, cache_ttl_seconds: 0}
online_store: {type: sqlite, path: online.db}
offline_store: {type: course_lib.features.offline_store.AsOfOfflineStore}
entity_key_serialization_version: 3
"""
FEATURES = ["zone_readings:trips", "zone_readings:mean_s"]


def build(repo: Path, readings: Path) -> None:
    """Make a repository in the folder `repo`, with one feature view over a Parquet file of readings."""
    repo.mkdir(parents=True)
    (repo / "feature_store.yaml").write_text(CONFIG)
    zone = Entity(name="zone", join_keys=["zone"], value_type=ValueType.INT64)
    history = FileSource(name="readings", path=str(readings), timestamp_field="known_at")
    view = FeatureView(
        name="zone_readings",
        entities=[zone],
        ttl=timedelta(0),  # a reading stands until a newer one is known, however old it is
        schema=[
            Field(name="zone", dtype=Int64),
            Field(name="trips", dtype=Int64),
            Field(name="mean_s", dtype=Float64),
        ],
        # What is pushed goes online at once; history stays what the batch source says.
        source=PushSource(name="news", batch_source=history),
    )
    FeatureStore(str(repo)).apply([zone, view])


def historical(repo: Path, questions: Path, answer: Path) -> None:
    """Write each question (question, zone, asked_at) with the features as they were known when it was asked."""
    asked = pd.read_parquet(questions).rename(columns={"asked_at": "event_timestamp"})  # the name Feast looks for
    known = FeatureStore(str(repo)).get_historical_features(entity_df=asked, features=FEATURES).to_arrow()
    known.to_pandas(types_mapper=pd.ArrowDtype).to_parquet(answer)


def materialise(repo: Path, until: str) -> None:
    """Bring the newest reading of every zone that was known at `until` into the online store."""
    # Feast wants UTC; our wall times get the label, and nothing is converted.
    FeatureStore(str(repo)).materialize(
        start_date=datetime(1970, 1, 1, tzinfo=UTC), end_date=datetime.fromisoformat(until).replace(tzinfo=UTC)
    )


def online(repo: Path, zones: list[int]) -> list[dict[str, Any]]:
    """What the online store knows of each zone, in their order."""
    store = FeatureStore(str(repo))
    columns = store.get_online_features(features=FEATURES, entity_rows=[{"zone": zone} for zone in zones]).to_dict()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def push(repo: Path, readings: Path) -> None:
    """Readings that came in a stream, straight into the online store, in the order in which they became known."""
    news = pd.read_parquet(readings).sort_values("known_at")
    FeatureStore(str(repo)).push("news", news, to=PushMode.ONLINE)
