import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from course_lib.features import feast
from course_lib.features.point_in_time import Reading, newest_known
from course_lib.features.tables import CITY, UNKNOWN
from course_lib.storage import digests
from tests.features.feature_cases import DAY, START, Trip, questions, some_trips, tables_of

NOTHING = {name: None for names in feast.FEATURES.values() for name in names}


def answer(tables: dict[str, pa.Table], pickup_zone: int | None, dropoff_zone: int | None, at: datetime) -> dict:
    """What is known at `at`, by the slow oracle."""
    asked = {"city": CITY, "pickup_zone": pickup_zone or UNKNOWN, "dropoff_zone": dropoff_zone or UNKNOWN}
    said = dict(NOTHING)
    for view, keys in feast.KEYS.items():
        readings = [
            Reading(tuple(row[key] for key in keys), row["event_timestamp"], row) for row in tables[view].to_pylist()
        ]
        newest = newest_known(readings, tuple(asked[key] for key in keys), at)
        if newest is not None:
            said |= {name: newest.value[name] for name in feast.FEATURES[view]}
    return said


def features_of(row: dict) -> dict:
    return {name: row[name] for name in NOTHING}


def test_every_trip_gets_what_the_oracle_says_was_known(store, trips, tables):
    said = feast.training_set(store, questions(trips)).to_pylist()

    expected = [answer(tables, trip.pickup_zone, trip.dropoff_zone, trip.pickup_at) for trip in trips]
    assert [features_of(row) for row in said] == expected
    assert any(row["route_mean_28d_s"] is not None for row in said)


def test_trips_keep_their_order_and_number_also_where_they_share_zones_and_second(store, trips):
    asked = questions([*reversed(trips), *trips[:50]])

    said = feast.training_set(store, asked)

    assert said.select(asked.column_names).equals(asked)


def test_trips_that_end_later_change_nothing_that_was_known(store, trips, tmp_path):
    now = START + 1.5 * DAY
    past = [trip for trip in trips if trip.dropoff_at <= now]
    longer = [trip._replace(seconds=3 * trip.seconds) for trip in trips if trip.dropoff_at > now]
    asked = questions([trip for trip in trips if trip.pickup_at <= now])

    other = feast.build_store(tmp_path, **tables_of([*past, *longer]))

    assert feast.training_set(other, asked).equals(feast.training_set(store, asked))


def test_a_zone_never_seen_and_a_moment_before_all_trips_know_nothing(store):
    strange = Trip(0, START + DAY, 60, 99, 98)
    early = Trip(1, START - DAY, 60, 1, 1)

    at_all, before = feast.training_set(store, questions([strange, early])).to_pylist()

    assert at_all["zone_mean_s"] is None and at_all["route_mean_28d_s"] is None and at_all["city_mean_s"] > 0
    assert features_of(before) == NOTHING


@pytest.mark.parametrize(
    "end", [START + 1.3 * DAY, START + 2 * DAY, START + 40 * DAY], ids=["inside", "border", "after"]
)
def test_online_is_the_newest_known_of_every_key_and_nothing_later(tables, tmp_path, end):
    store = feast.build_store(tmp_path, **tables)
    feast.materialise(store, end)
    asked = [{"pickup_zone": a, "dropoff_zone": b} for a in range(6) for b in range(6)]

    said = feast.online(store, asked)
    feast.close(store)

    assert [features_of(row) for row in said] == [answer(tables, **keys, at=end) for keys in asked]


def test_more_questions_than_one_statement_holds_are_all_answered(tables, tmp_path):
    store = feast.build_store(tmp_path, **tables)
    feast.materialise(store, START + 3 * DAY)

    said = feast.online(store, [{"pickup_zone": 1 + i % 4, "dropoff_zone": 1} for i in range(2500)])
    feast.close(store)

    assert len(said) == 2500
    assert said[2497:] == said[1:4]


def test_the_folder_can_be_moved_and_names_no_place(tables, trips, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    store = feast.build_store(here, **tables)
    feast.materialise(store, START + 2 * DAY)
    keys = [{"pickup_zone": 1, "dropoff_zone": 2}]
    before = feast.online(store, keys), feast.training_set(store, questions(trips))
    feast.close(store)
    shutil.move(here, there)

    moved = feast.open_store(there)

    assert (feast.online(moved, keys), feast.training_set(moved, questions(trips))) == before
    feast.close(moved)
    assert not here.exists()
    assert not any(str(tmp_path).encode() in file.read_bytes() for file in there.rglob("*") if file.is_file())


def test_reading_changes_no_file(tables, trips, tmp_path):
    store = feast.build_store(tmp_path, **tables)
    feast.materialise(store, START + 2 * DAY)
    feast.close(store)
    before = digests.of_folder(tmp_path)

    again = feast.open_store(tmp_path)
    feast.training_set(again, questions(trips))
    feast.online(again, [{"pickup_zone": 1, "dropoff_zone": 2}])
    feast.close(again)

    assert digests.of_folder(tmp_path) == before


def test_the_offline_files_depend_on_the_tables_alone(tables, store, tmp_path):
    feast.build_store(tmp_path, **tables)

    assert digests.of_folder(tmp_path / "offline") == digests.of_folder(Path(store.repo_path) / "offline")


def test_the_definitions_in_the_folder_are_the_registered_ones(store):
    names = {"__name__": "definitions"}
    exec((Path(store.repo_path) / "definitions.py").read_text(), names)  # noqa: S102  as `feast apply` would

    views = {one.name for one in names.values() if type(one).__name__ == "FeatureView"}
    assert views == set(feast.TABLES) == {view.name for view in store.list_feature_views()}


def test_importing_feast_leaves_the_process_as_it_was(tmp_path):
    program = """
import os, sys, warnings
before = dict(os.environ)
from course_lib.features.feast import warm_up
warm_up()
import prometheus_client.values, typeguard
assert "feast" in sys.modules
assert os.listdir(os.environ["TMPDIR"]) == []
assert dict(os.environ) == before
assert not [entry for entry in warnings.filters if entry[0] == "once"]
assert prometheus_client.values.ValueClass is prometheus_client.values.MutexValue
assert typeguard.typechecked.__module__.startswith("typeguard")
"""
    env = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}

    subprocess.run([sys.executable, "-c", program], env=env, check=True, timeout=300)

    assert list(tmp_path.iterdir()) == []


def test_no_trips_make_a_store_that_knows_nothing(tmp_path):
    store = feast.build_store(tmp_path, **tables_of([]))
    feast.materialise(store, START)

    said = feast.training_set(store, questions(some_trips(3)))
    online = feast.online(store, [{"pickup_zone": 1, "dropoff_zone": 1}])
    feast.close(store)

    assert [features_of(row) for row in [*said.to_pylist(), *online]] == [NOTHING] * 4


def test_times_before_1970_and_after_2262_are_times_like_others(tmp_path):
    trips = [Trip(i, at, 600, 1, 1) for i, at in enumerate((datetime(1900, 1, 1), datetime(2900, 1, 1)))]
    later = [trip._replace(pickup_at=trip.pickup_at + timedelta(days=2)) for trip in trips]

    store = feast.build_store(tmp_path, **tables_of(trips))
    said = feast.training_set(store, questions(later))

    assert said["route_mean_28d_s"].to_pylist() == [600, 600]
