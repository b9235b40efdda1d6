"""How does a Tecton user serve features, for training and for prediction?

A stream source is the same events twice: as they come, and as a table of all that came. A feature view says which
columns of it are features, of which entity, and which column is their time. Offline, Tecton joins it to the events of
a training set, each with what was known then; here Rift does that, in this process. Online, jobs of Tecton's keep the
newest row of every key in a key-value store, and a client reads it: that takes an account, so that feature_server.py
stands in for the store, filled with what Rift puts out.

Two decisions matter. The time is `known_at`, when a reading had arrived, not `measured_at`, the hour it is about: by
that, a model would learn from what nobody knew yet. And it is a stream: of a batch source, Tecton shows a row from the
end of its `batch_schedule` on, which is right for jobs that run once an hour, and too late for readings that are there.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feature_server
import pandas as pd
import ray
from tecton import (
    Attribute,
    Entity,
    PushConfig,
    StreamFeatureView,
    StreamSource,
    pandas_batch_config,
    stream_feature_view,
)
from tecton.types import Field, Float64, Int64, Timestamp
from tecton_client import MetadataOptions, TectonClient

# Rift starts Ray before every query, which listens on every network, and then runs a query of this kind without it.
ray.init = lambda *_, **__: None
logging.getLogger("tecton").setLevel(logging.ERROR)
START = datetime(2000, 1, 1, tzinfo=UTC)
FEATURES = [("trips", "int64"), ("mean_s", "float64")]


def zone_readings(repo: Path) -> StreamFeatureView:
    """The feature view: the two numbers of a reading, by zone, from the moment on at which it was known."""
    history = str(repo / "readings.parquet")

    @pandas_batch_config()
    def all_readings() -> pd.DataFrame:
        return _readings(history)

    readings = StreamSource(
        name="readings",
        stream_config=PushConfig(),
        batch_config=all_readings,
        schema=[Field("zone", Int64), Field("known_at", Timestamp), Field("trips", Int64), Field("mean_s", Float64)],
    )

    @stream_feature_view(
        source=readings,
        entities=[Entity(name="zone", join_keys=[Field("zone", Int64)])],
        mode="pandas",
        features=[Attribute("trips", Int64), Attribute("mean_s", Float64)],
        timestamp_field="known_at",
        batch_schedule=timedelta(days=1),
        feature_start_time=START,
        ttl=None,  # a reading stands until a newer one is known, however old it is
    )
    def zone_readings(readings: pd.DataFrame) -> pd.DataFrame:
        return readings[["zone", "known_at", "trips", "mean_s"]]

    return zone_readings


def build(repo: Path, readings: Path) -> None:
    """Keep the table of all readings where the source looks for it; definitions are code, and need no server."""
    repo.mkdir(parents=True)
    (repo / "readings.parquet").write_bytes(readings.read_bytes())


def historical(repo: Path, questions: Path, answer: Path) -> None:
    """Write each question (question, zone, asked_at) with the features as they were known when it was asked."""
    asked = pd.read_parquet(questions)
    asked["asked_at"] = asked["asked_at"].dt.tz_localize("UTC")  # our wall times get the label; nothing is converted
    known = zone_readings(repo).get_features_for_events(asked, timestamp_key="asked_at").to_pandas()
    known.rename(columns=lambda name: name.removeprefix("zone_readings__")).to_parquet(answer)


def materialise(repo: Path, until: str) -> None:
    """Bring the newest reading of every zone that was known at `until` into the key-value store."""
    _put(repo, until=datetime.fromisoformat(until).replace(tzinfo=UTC))


def online(repo: Path, zones: list[int]) -> list[dict[str, Any]]:
    """What the key-value store knows of each zone, in their order, through Tecton's client."""
    named = MetadataOptions(include_names=True, include_data_types=True)
    found = []
    with feature_server.serving(repo / "online.db", "zone_readings", "zone", FEATURES) as (url, api_key):
        client = TectonClient(url=url, api_key=api_key, default_workspace_name="course")
        for zone in zones:
            told = client.get_features(
                feature_service_name="zone_readings", join_key_map={"zone": str(zone)}, metadata_options=named
            ).get_features_dict()
            found.append({"zone": zone, **{name: told[f"zone_readings.{name}"] for name, _ in FEATURES}})
    return found


def push(repo: Path, readings: Path) -> None:
    """Readings that came in a stream, through the same transformation, straight into the key-value store."""
    _put(repo, readings=_readings(str(readings)))


def calls(repo: Path) -> list[str]:
    """The calls of the client that the key-value server has answered."""
    return feature_server.calls(repo / "online.db")


def _put(repo: Path, until: datetime | None = None, readings: pd.DataFrame | None = None) -> None:
    """Carry what Rift puts out to the key-value store, in the order in which it became known; the last one stands."""
    given = {} if readings is None else {"mock_inputs": {"readings": readings}}
    end = until + timedelta(microseconds=1) if until else datetime(2100, 1, 1, tzinfo=UTC)  # Tecton's end is exclusive
    rows = zone_readings(repo).run_transformation(start_time=START, end_time=end, **given).to_pandas()
    rows = rows.sort_values("known_at")[["zone", "trips", "mean_s"]].astype({"trips": "Int64"}).astype(object)
    feature_server.put(repo / "online.db", "zone", rows.where(rows.notna(), None).to_dict("records"))


def _readings(path: str) -> pd.DataFrame:
    known = pd.read_parquet(path)[["zone", "known_at", "trips", "mean_s"]]
    known["known_at"] = known["known_at"].dt.tz_localize("UTC")
    return known.astype({"trips": "Int64"})
