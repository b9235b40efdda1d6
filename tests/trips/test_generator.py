"""The generator against a slow judge that knows nothing of it: which rows are broken, and how?"""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ingestion import synthetic
from course_lib.trips.defects import DEFAULT_RATES, DEFECTS, KINDS, WINDOW
from course_lib.trips.generator import Settings, World, fill
from course_lib.trips.rides import CHUNK, Scratch
from course_lib.trips.rows import PARTS, Rows

MANY = dict.fromkeys(KINDS, 0.01)  # every kind, often
TRIP = ["service", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m"]


def read(world: World, file: int, pieces: tuple[int, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A file's rows and its truth, filled in pieces of the given lengths, and then the rest."""
    first, tables, truths = 0, [], []
    scratch = Scratch.empty()
    while first < world.sizes[file]:
        length = min(pieces[len(tables)] if len(tables) < len(pieces) else 10**9, world.sizes[file] - first)
        rows = Rows.empty(length)
        fill(world, file, first, rows, scratch)
        tables.append(synthetic.table(rows).to_pandas().astype({"service": str}))
        truths.append(synthetic.truth_table(rows, world.name(file), first).to_pandas())
        first += length
    return pd.concat(tables, ignore_index=True), pd.concat(truths, ignore_index=True)


@lru_cache(maxsize=4)
def generated(settings: str = "default") -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows with source_file, source_row and kind ("" is clean); and all truth."""
    world = World({"default": Settings(trips=100_000), "many": Settings(trips=20_000, seed=11, rates=MANY)}[settings])
    files = [read(world, file) for file in range(len(world.sizes))]
    rows = [
        some.assign(source_file=world.name(file), source_row=range(1, len(some) + 1))
        for file, (some, _) in enumerate(files)
    ]
    truth = pd.concat([truth for _, truth in files], ignore_index=True).astype({"kind": str})
    told = truth.set_index(["source_file", "source_row"]).kind
    all_rows = pd.concat(rows, ignore_index=True)
    kinds = told.reindex(pd.MultiIndex.from_frame(all_rows[["source_file", "source_row"]])).fillna("").to_numpy()
    return all_rows.assign(kind=kinds), truth


def judged(rows: pd.DataFrame) -> pd.Series:
    """What is wrong with each row, from its values and the other rows alone; "" is nothing."""
    amounts = [*PARTS, "total_cents"]
    month = pd.to_datetime(rows.source_file.str[-7:])
    seconds = (rows.dropoff_at - rows.pickup_at).dt.total_seconds()
    in_order = rows.sort_values(["updated_at", "source_file", "source_row"], kind="stable")
    version = in_order.groupby("trip_id").cumcount().reindex(rows.index)
    original = rows.trip_id.map(in_order.drop_duplicates("trip_id").set_index("trip_id").source_file)
    copied = rows.drop(columns=["source_row", "kind"]).duplicated()
    alike = rows[version == 0].groupby(TRIP, dropna=False)
    size = alike.trip_id.transform("size").reindex(rows.index, fill_value=1)
    last = (alike.cumcount(ascending=False) == 0).reindex(rows.index, fill_value=False)
    paid = alike.fare_cents.transform("max").reindex(rows.index, fill_value=0) > 0
    symptoms = {
        "codes_null": rows[["vendor_id", "rate_code", "payment_type", "passengers"]].isna().all(axis=1),
        "duplicate": (version > 0) & copied,
        "bad_correction": (version > 0) & ~copied & (rows.distance_m == 0),
        "correction": (version > 0) & ~copied & (original == rows.source_file),
        "late_correction": (version > 0) & (original < rows.source_file),
        "missing_pickup": rows.pickup_at.isna(),
        "dropoff_before_pickup": seconds < 0,
        "zero_duration": seconds == 0,
        "too_long": seconds > 23 * 3600,
        "refund": (rows.fare_cents < 0) & (size == 2) & paid,
        "negative_fare": (rows[amounts] <= 0).all(axis=1) & (rows.fare_cents < 0) & (size == 1),
        "shared": (rows.fare_cents > 0) & (size == 2) & last & ~alike.fare_cents.transform("min").lt(0).reindex(
            rows.index, fill_value=True
        ),
        "zero_distance": rows.distance_m == 0,
        "too_far": rows.distance_m > 100 * 1609.344,
        "zone_out_of_range": ~rows.pickup_zone.between(1, 263) & rows.pickup_zone.notna(),
        "unknown_pickup_zone": rows.pickup_zone.isna(),
        "unknown_dropoff_zone": rows.dropoff_zone.isna(),
        "zero_fare": rows.fare_cents == 0,
        "no_passengers": rows.passengers == 0,
        "wrong_month": rows.pickup_at.dt.year == 2003,
        "late": (rows.pickup_at < month) & (rows.pickup_at >= month - pd.Timedelta(days=7)),
        "total_mismatch": rows.total_cents != sum(rows[part] for part in PARTS),
    }  # fmt: skip
    assert set(symptoms) == set(KINDS)
    return pd.Series(np.select(list(symptoms.values()), list(symptoms), ""), index=rows.index)


@pytest.mark.parametrize("which", ["default", "many"])
def test_the_truth_is_what_a_judge_finds(which):
    rows, _ = generated(which)

    wrong = rows[judged(rows) != rows.kind]
    assert wrong.empty, wrong.assign(judged=judged(rows)).to_string()


@pytest.mark.parametrize("kind", KINDS)
def test_rates_are_as_stated(kind):
    rows, _ = generated("default")
    if kind == "late_correction":  # of the files after the first
        rows = rows[rows.source_file != rows.source_file.min()]
    rate = DEFAULT_RATES[kind]

    found = (rows.kind == kind).sum()

    assert abs(found - rate * len(rows)) <= 5 * np.sqrt(rate * len(rows))
    assert found > 0


def test_rates_are_kept_where_much_is_broken():
    rows, _ = generated("many")
    later = rows[rows.source_file != rows.source_file.min()]
    found = rows.kind.value_counts().drop("late_correction")

    assert (abs(found.drop("") - 0.01 * len(rows)) <= 5 * np.sqrt(0.01 * len(rows))).all()
    assert abs((later.kind == "late_correction").sum() - 0.01 * len(later)) <= 5 * np.sqrt(0.01 * len(later))


def test_rates_are_shares_of_all_rows_whatever_else_is_broken():
    rates = {"zero_distance": 0.3, "codes_null": 0.3, "duplicate": 0.05}
    world = World(Settings(months=1, trips=100_000, rates=rates))

    _, truth = read(world, 0)

    shares = truth.kind.value_counts() / 100_000
    assert {kind: shares[kind] for kind in rates} == pytest.approx(rates, rel=0.05)


def test_a_broken_row_is_plausible_in_everything_else():
    rows, truth = generated("many")
    by_id = rows[rows.kind == ""].drop_duplicates("trip_id").set_index("trip_id")
    reset, shared, free = (rows[rows.kind == kind] for kind in ("wrong_month", "shared", "zero_fare"))
    partner = by_id.loc[truth[truth.kind == "shared"].of_trip_id]

    assert reset.pickup_at.between("2003-01-01", "2003-01-08", inclusive="left").all()
    assert reset.pickup_at.dt.date.nunique() == 7 and (reset.dropoff_at > reset.pickup_at).all()
    assert (shared.vendor_id.to_numpy() + partner.vendor_id.to_numpy() == 3).all()
    assert (free.tip_cents == 0).all() and (free.total_cents > 0).any()
    assert rows.pickup_zone.dropna().isin([*range(1, 264), 999]).all()


def test_a_row_that_repeats_another_names_it():
    rows, truth = generated("many")
    repeats = truth[truth.of_trip_id.notna()]
    versions = repeats.kind.isin(["duplicate", "correction", "bad_correction", "late_correction"])

    assert set(repeats.kind) == {d.kind for d in DEFECTS if d.family.value in ("following", "last file")}
    assert repeats.of_trip_id.is_unique  # no row has two followers
    assert (repeats.of_trip_id[versions] == repeats.trip_id[versions]).all()
    originals = rows[rows.kind == ""].set_index("trip_id")
    assert repeats.of_trip_id.isin(originals.index).all()  # what is repeated is clean


def test_corrections_change_what_they_may_and_nothing_else():
    rows, _ = generated("many")
    originals = rows[rows.kind == ""].drop_duplicates("trip_id").set_index("trip_id")
    corrections = rows[rows.kind.isin(["correction", "late_correction"])].set_index("trip_id")
    before = originals.loc[corrections.index]
    kept = [
        "service",
        "pickup_at",
        "pickup_zone",
        "dropoff_zone",
        "distance_m",
        "vehicle_id",
        "vendor_id",
        "tolls_cents",
    ]

    assert (corrections[kept] == before[kept]).all(axis=None)
    assert (corrections.updated_at > before.updated_at).all()
    assert (corrections.fare_cents > before.fare_cents).all()
    assert (corrections.dropoff_at > before.dropoff_at).all()


def test_late_corrections_stand_in_the_next_file():
    rows, _ = generated("many")
    late = rows[rows.kind == "late_correction"]
    original = rows[rows.kind == ""].drop_duplicates("trip_id").set_index("trip_id").loc[late.trip_id]

    months = pd.PeriodIndex(late.source_file.str[-7:], freq="M").asi8
    assert (months - pd.PeriodIndex(original.source_file.str[-7:], freq="M").asi8 == 1).all()


def test_ids_are_unique_but_for_versions():
    rows, _ = generated("default")
    versions = rows.kind.isin(["duplicate", "correction", "bad_correction", "late_correction"])

    assert rows.trip_id[~versions].is_unique
    assert (rows.trip_id > 0).all()


@pytest.mark.parametrize("trips", [1, 2, 17, 65, 1000])
@pytest.mark.parametrize("months", [1, 3, 14])
def test_rows_are_as_many_as_asked_for(trips, months):
    world = World(Settings(trips=trips, months=months, start="2023-11"))

    files = [read(world, file) for file, size in enumerate(world.sizes) if size]

    assert sum(len(rows) for rows, _ in files) == trips
    assert sum(world.sizes) == trips and len(world.sizes) == months


@given(
    st.integers(0, 2**63 - 1),
    st.integers(1, 2000),
    st.lists(st.integers(1, 12), max_size=8).map(lambda windows: tuple(w * WINDOW for w in windows)),
    st.sampled_from([{}, MANY, {"codes_null": 0.9}, {"duplicate": 0.3}, {"late_correction": 0.1}]),
)
@settings(max_examples=10, deadline=None)
def test_any_chunking_gives_the_same_rows(seed, trips, pieces, rates):
    world = World(Settings(trips=trips, seed=seed, months=2, rates=rates))

    for file in range(2):
        if world.sizes[file]:
            whole, cut = read(world, file), read(world, file, pieces)
            pd.testing.assert_frame_equal(whole[0], cut[0])
            pd.testing.assert_frame_equal(whole[1], cut[1])


def test_chunks_longer_than_the_scratch_are_the_same_too():
    world = World(Settings(trips=2 * CHUNK + 100, months=1, rates=MANY))

    whole, cut = read(world, 0), read(world, 0, (CHUNK - WINDOW, WINDOW, CHUNK))

    pd.testing.assert_frame_equal(whole[0], cut[0])
    pd.testing.assert_frame_equal(whole[1], cut[1])


def test_a_piece_must_start_at_a_window():
    with pytest.raises(ValueError, match="window"):
        fill(World(Settings(trips=1000)), 0, 1, Rows.empty(10), Scratch.empty())


def test_without_rates_nothing_is_broken():
    world = World(Settings(trips=5000, rates={}))

    assert all(truth.empty for _, truth in (read(world, file) for file in range(3)))


def test_seeds_and_months_differ():
    first = {seed: read(World(Settings(trips=900, seed=seed)), 0)[0] for seed in (1, 2)}
    second = read(World(Settings(trips=900, seed=1)), 1)[0]

    assert (first[1].distance_m != first[2].distance_m).mean() > 0.9
    assert (first[1].distance_m[:200] != second.distance_m[:200]).mean() > 0.9
