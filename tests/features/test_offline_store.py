from datetime import timedelta

import dask
import pandas as pd
import pyarrow as pa
import pytest

from course_lib.features import feast
from course_lib.features.point_in_time import Reading, newest_known
from tests.features.feature_cases import START, questions, some_trips


def test_feasts_own_store_says_the_same_of_every_trip_that_it_keeps(store, tables, tmp_path):
    plain = feast.build_store(tmp_path, **tables)
    settings = tmp_path / "feature_store.yaml"
    ours = "{type: course_lib.features.offline_store.AsOfOfflineStore}"
    assert ours in settings.read_text()
    settings.write_text(settings.read_text().replace(ours, "{type: file}"))
    with dask.config.set({"dataframe.convert-string": None}):  # importing Feast's own store changes it for everyone
        plain = feast.open_store(tmp_path)
    asked = questions(some_trips(40, seed=5))
    asked = asked.append_column("row", pa.array(range(40)))
    keys = {name: asked[name].fill_null(0) for name in ("pickup_zone", "dropoff_zone")}
    frame = pa.table({**keys, "city": pa.array([0] * 40, pa.int32()), "row": asked["row"]}).to_pandas()
    frame["event_timestamp"] = asked["pickup_at"].to_pandas()

    with feast.quietly():
        theirs = plain.get_historical_features(entity_df=frame, features=feast.REFERENCES).to_df()

    mine = feast.training_set(store, asked).to_pandas()
    names = [reference.split(":")[1] for reference in feast.REFERENCES]
    kept = theirs.sort_values("row").set_index("row")[names]
    assert 10 < len(kept) < 40  # it loses trips: hence our own
    pd.testing.assert_frame_equal(kept, mine.set_index("row").loc[kept.index, names], check_dtype=False, rtol=0, atol=0)


def test_a_time_to_live_makes_older_readings_unknown(tables, trips, tmp_path):
    store = feast.build_store(tmp_path, **tables)
    view = store.get_feature_view("zone")
    view.ttl = timedelta(minutes=90)
    with feast.quietly():
        store.apply(view)
    asked = questions(trips)

    said = feast.training_set(store, asked)["zone_mean_s"].to_pylist()

    rows = tables["zone"].to_pylist()
    readings = [Reading(row["pickup_zone"], row["event_timestamp"], row["zone_mean_s"]) for row in rows]
    newest = [newest_known(readings, trip.pickup_zone, trip.pickup_at) for trip in trips]
    fresh = [
        reading.value if reading and reading.known_at >= trip.pickup_at - timedelta(minutes=90) else None
        for reading, trip in zip(newest, trips, strict=True)
    ]
    assert said == fresh
    assert 0 < said.count(None) < len(said)


def test_full_names_carry_the_view(store):
    frame = pd.DataFrame({"city": [0], "event_timestamp": [START + timedelta(days=2)]})

    with feast.quietly():
        said = store.get_historical_features(frame, ["city:city_mean_s"], full_feature_names=True).to_df()

    assert said.columns.tolist() == ["city", "event_timestamp", "city__city_mean_s"]
    assert said["city__city_mean_s"][0] > 0


def test_all_readings_between_two_moments_can_be_pulled(store, tables):
    source = store.get_feature_view("zone").batch_source
    start, end = START + timedelta(hours=10), START + timedelta(hours=20)
    provider = store._get_provider()

    job = provider.offline_store.pull_all_from_table_or_query(
        store.config, source, ["pickup_zone"], ["zone_mean_s"], "event_timestamp", None, start, end
    )

    said = job.to_arrow().to_pylist()
    expected = [row for row in tables["zone"].to_pylist() if start <= row["event_timestamp"] <= end]
    names = ("pickup_zone", "zone_mean_s", "event_timestamp")
    assert said == [{name: row[name] for name in names} for row in expected]


def test_a_question_without_moments_is_refused_in_words(store):
    from course_lib.features.offline_store import AsOfOfflineStore

    with pytest.raises(ValueError, match="event_timestamp"):
        AsOfOfflineStore.get_historical_features(store.config, [], [], pd.DataFrame({"city": [0]}), None, "taxi")
