"""How does a Hopsworks user serve features, for training and for prediction?

A feature group is a table with a primary key and an event time. It is kept twice: offline with its whole history (a
Delta table, which the client writes itself), online with the newest row of every key (the client picks it, and sends
it by Kafka). A feature view names the features that a model gets, and is asked for them by key.

The event time decides what "newest" means. `measured_at` is the hour a reading is about, `known_at` is when it had
arrived. By the first, training would see readings that nobody had yet, so the event time here is `known_at`.

Where HOPSWORKS_HOST and HOPSWORKS_API_KEY are set, this runs against that cluster, in HOPSWORKS_PROJECT. Otherwise
contract_server.py answers the same calls of the same client: it keeps rows and gives them back. A cluster can also do
the as-of join, in its query service; here it is one line of pandas over the history that the client brought, so that
nothing is asked of a server which ours could only pretend to do.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import contract_server
import hopsworks
import pandas as pd

NAME = "zone_readings"
FEATURES = ["trips", "mean_s"]
# An insert returns when its rows can be read online; otherwise it would when they are on their way.
WAIT = {"wait_for_online_ingestion": True, "online_ingestion_options": {"period": 0.1, "timeout": 300}}


def feature_store(repo: Path) -> Any:
    """The feature store of the project: the cluster's, or else the contract server's."""
    contract_server.unless_cluster(repo / "server")
    # Address, key, project and trusted certificate are taken from HOPSWORKS_HOST, HOPSWORKS_API_KEY and so on.
    return hopsworks.login(engine="python", cert_folder=str(repo / "certificates")).get_feature_store()


def build(repo: Path, readings: Path) -> None:
    """Make a feature group with the history of readings, and a feature view of it."""
    store = feature_store(repo)
    group = store.create_feature_group(  # the next version, if there is one of this name
        name=NAME,
        primary_key=["zone"],
        event_time="known_at",
        online_enabled=True,
        time_travel_format="DELTA",
        statistics_config=False,
    )
    group.insert(_nullable(readings), storage="offline")
    view = store.create_feature_view(name=NAME, query=group.select(FEATURES))
    (repo / "versions").write_text(f"{group.version} {view.version}")


def historical(repo: Path, questions: Path, answer: Path) -> None:
    """Write each question (question, zone, asked_at) with the features as they were known when it was asked."""
    asked, known = pd.read_parquet(questions), _history(_group(repo))
    joined = pd.merge_asof(
        asked.sort_values("asked_at"), known.sort_values("known_at"), left_on="asked_at", right_on="known_at", by="zone"
    )
    joined[["question", "zone", "asked_at", *FEATURES]].to_parquet(answer)


def materialise(repo: Path, until: str) -> None:
    """Bring the newest reading of every zone that was known at `until` into the online store."""
    group = _group(repo)
    known = _history(group)
    known = known[known["known_at"] <= datetime.fromisoformat(until)]
    if len(known):
        group.insert(known, storage="online", write_options=WAIT)  # of each zone's rows the client sends the newest


def online(repo: Path, zones: list[int]) -> list[dict[str, Any]]:
    """What the online store knows of each zone, in their order."""
    view = feature_store(repo).get_feature_view(NAME, _versions(repo)[1])
    view.init_serving(init_rest_client=True, init_sql_client=False)
    rows = view.get_feature_vectors([{"zone": zone} for zone in zones], allow_missing=True)
    return [{"zone": zone, **dict(zip(FEATURES, row, strict=True))} for zone, row in zip(zones, rows, strict=True)]


def push(repo: Path, readings: Path) -> None:
    """Readings that came in a stream, straight into the online store."""
    _group(repo).insert(_nullable(readings), storage="online", write_options=WAIT)


def calls(repo: Path) -> list[str]:
    """The calls of the client that the contract server has answered so far; on a cluster nobody counts them."""
    return contract_server.calls(repo / "server")


def _group(repo: Path) -> Any:
    return feature_store(repo).get_feature_group(NAME, _versions(repo)[0])


def _versions(repo: Path) -> list[int]:
    """Of the feature group and the feature view that `build` made."""
    return [int(version) for version in (repo / "versions").read_text().split()]


def _history(group: Any) -> pd.DataFrame:
    """All rows of the feature group, without the zone that some servers give to times that have none."""
    known = group.read()
    for column in ("measured_at", "known_at"):
        known[column] = known[column].dt.tz_localize(None).astype("datetime64[us]")
    return known.astype({"trips": "Int64", "mean_s": "Float64"})  # whole numbers stay whole where some are missing


def _nullable(readings: Path) -> pd.DataFrame:
    return pd.read_parquet(readings, dtype_backend="numpy_nullable")
