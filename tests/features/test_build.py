from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from course_lib.features import build, feast
from course_lib.storage import digests
from course_lib.storage.layout import read_table
from tests.features.feature_cases import DAY, HOUR, START, Trip, some_trips, write_gold, write_silver, zone_ended_hour

WEEK = some_trips(400, days=7, seed=3)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build.build(write_gold(WEEK, folder / "gold"), folder / "features")
    return folder / "features"


def trained_on(trips: list[Trip], store: Path, folder: Path, **options) -> tuple[pa.Table, dict[str, int]]:
    silver = write_silver(trips, folder / "silver", **options.pop("silver", {}))
    found = build.training_set(silver, store, folder / "training.parquet", **options)
    return read_table(folder / "training.parquet"), found


def test_the_store_is_online_at_the_end_of_the_last_hour_with_a_trip(store):
    end = max(trip.dropoff_at for trip in WEEK).replace(minute=0, second=0) + HOUR
    opened = feast.open_store(store)

    (online,) = feast.online(opened, [{"pickup_zone": 1, "dropoff_zone": 2}])
    feast.close(opened)

    known = [t for t in WEEK if t.dropoff_at >= end - HOUR and t.dropoff_at < end]
    assert online["city_trips_1h"] == len(known) > 0


@pytest.mark.parametrize(
    ("strays", "extend"),
    [
        pytest.param([], False, id="none"),
        pytest.param([datetime(2008, 1, 1), datetime(2098, 1, 1)], False, id="clocks years off"),
        pytest.param([START + 37 * DAY], True, id="a week"),
        pytest.param([START + 37 * DAY + HOUR], False, id="more than a week"),
    ],
)
def test_the_data_end_where_a_week_goes_by_without_a_trip(strays, extend):
    daily = [Trip(i, START + i * DAY, 600, 1, 1) for i in range(31)]
    odd = [Trip(1000 + i, at, 600, 1, 1) for i, at in enumerate(strays)]

    found = build.end_of_data(zone_ended_hour([*odd, *daily]))

    assert found == (strays[0] if extend else START + 30 * DAY) + HOUR


def test_the_same_gold_makes_the_same_offline_files(store, tmp_path):
    shuffled = list(reversed(WEEK))
    rows = build.build(write_gold(shuffled, tmp_path / "gold"), tmp_path / "features")

    assert digests.of_folder(tmp_path / "features" / "offline") == digests.of_folder(store / "offline")
    tables = {name: read_table(tmp_path / "features" / "offline" / f"{name}.parquet") for name in feast.TABLES}
    assert rows == {f"{name}_rows": table.num_rows for name, table in tables.items()}


def test_building_again_replaces_the_store_and_leaves_nothing_beside_it(tmp_path):
    write_gold(WEEK, tmp_path / "gold")
    build.build(tmp_path / "gold", tmp_path / "features")
    (tmp_path / "features" / "stray").write_text("from before")

    build.build(write_gold(WEEK[:50], tmp_path / "gold"), tmp_path / "features")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["features", "gold"]
    assert not (tmp_path / "features" / "stray").exists()


def test_gold_without_a_trip_makes_a_store_without_a_reading(tmp_path):
    rows = build.build(write_gold([], tmp_path / "gold"), tmp_path / "features")

    table, found = trained_on(WEEK[:3], tmp_path / "features", tmp_path)

    assert rows == {"city_rows": 0, "zone_rows": 0, "route_rows": 0}
    assert found == {"trips_usable": 3, "trips_sampled": 3}
    assert table["expected_s"].null_count == 3


def test_the_training_set_holds_every_usable_trip_by_pickup(store, tmp_path):
    table, found = trained_on(WEEK, store, tmp_path, silver={"parts": 3})

    by_pickup = sorted(WEEK, key=lambda trip: (trip.pickup_at, trip.trip_id))
    assert table.schema == build.TRAINING
    assert found == {"trips_usable": 400, "trips_sampled": 400}
    assert table["trip_id"].to_pylist() == [trip.trip_id for trip in by_pickup]
    assert table["duration_s"].to_pylist() == [trip.seconds for trip in by_pickup]
    assert table["hour"].to_pylist() == [trip.pickup_at.hour for trip in by_pickup]
    assert table["weekday"].to_pylist() == [trip.pickup_at.weekday() for trip in by_pickup]
    assert table["dropoff_zone"].to_pylist() == [trip.dropoff_zone for trip in by_pickup]
    table.validate(full=True)


def test_what_is_expected_is_the_routes_mean_or_the_zones_or_the_citys(store, tmp_path):
    at = START + 5 * DAY
    known, new_route, new_zone = (Trip(i, at, 60, a, b) for i, (a, b) in enumerate([(1, 2), (1, 99), (99, 1)]))
    early = Trip(3, START - DAY, 60, 1, 2)

    table, _ = trained_on([known, new_route, new_zone, early], store, tmp_path)

    nothing, *rows = table.to_pylist()
    assert nothing["expected_s"] is None
    means = [row[name] for row, name in zip(rows, ("route_mean_28d_s", "zone_mean_s", "city_mean_s"), strict=True)]
    assert [row["expected_s"] for row in rows] == means
    assert None not in means


def test_a_trip_without_a_pickup_zone_or_a_dropoff_is_not_usable(store, tmp_path):
    lost = {
        "pickup_zone": [None, 1, 1, 1],
        "dropoff_at": [WEEK[0].dropoff_at, None, *(t.dropoff_at for t in WEEK[2:4])],
    }

    table, found = trained_on(WEEK[:4], store, tmp_path, silver=lost)

    assert found == {"trips_usable": 2, "trips_sampled": 2}
    assert sorted(table["trip_id"].to_pylist()) == [2, 3]


def test_where_no_passengers_or_dropoff_zones_are_published_they_are_null(store, tmp_path):
    table, _ = trained_on(WEEK, store, tmp_path, silver={"passengers": [None] * 400, "dropoff_zone": [None] * 400})

    assert table["passengers"].null_count == table["dropoff_zone"].null_count == 400
    assert table["route_trips_28d"].null_count == 400  # gold has no route to nowhere


def test_a_trips_own_end_changes_none_of_its_features(store, tmp_path):
    asked = [Trip(9_000_001 + i, trip.pickup_at, 1, *trip[3:]) for i, trip in enumerate(WEEK[::20])]
    longer = [trip._replace(seconds=50_000) for trip in asked]

    short, _ = trained_on(asked, store, tmp_path / "short")
    long, _ = trained_on(longer, store, tmp_path / "long")

    assert short.drop_columns("duration_s").equals(long.drop_columns("duration_s"))


def test_of_many_trips_a_sample_is_taken_that_no_layout_of_files_changes(store, tmp_path):
    one, found = trained_on(WEEK, store, tmp_path / "one", sample=100)
    three, _ = trained_on(WEEK[::-1], store, tmp_path / "three", sample=100, silver={"parts": 3})
    other, _ = trained_on(WEEK, store, tmp_path / "other", sample=100, seed=1)

    assert found == {"trips_usable": 400, "trips_sampled": 100}
    assert one.equals(three)
    assert digests.of_file(tmp_path / "one/training.parquet") == digests.of_file(tmp_path / "three/training.parquet")
    assert not one.equals(other)
    assert set(pc.unique(one["weekday"]).to_pylist()) == set(range(7))


def test_silver_without_a_trip_makes_an_empty_training_set(store, tmp_path):
    (tmp_path / "silver").mkdir()

    found = build.training_set(tmp_path / "silver", store, tmp_path / "training.parquet")

    assert found == {"trips_usable": 0, "trips_sampled": 0}
    assert read_table(tmp_path / "training.parquet").schema == build.TRAINING


def test_a_build_that_dies_leaves_the_old_store_as_it_was(tmp_path, monkeypatch):
    write_gold(WEEK[:50], tmp_path / "gold")
    build.build(tmp_path / "gold", tmp_path / "features")
    before = digests.of_folder(tmp_path / "features")
    monkeypatch.setattr(feast, "materialise", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        build.build(tmp_path / "gold", tmp_path / "features")

    assert digests.of_folder(tmp_path / "features") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features", "gold"]
