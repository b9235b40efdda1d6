import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.metrics import (
    NEEDED,
    NOTHING,
    QualityTarget,
    Share,
    accuracy,
    age,
    columns,
    completeness,
    consistency,
    decay_rate,
    decayed,
    judge,
    quality,
    timeliness,
    uniqueness,
    validity,
    weighted,
)

SHARES = st.integers(0, 10**12).flatmap(lambda total: st.builds(Share, st.integers(0, total), st.just(total)))
VALUES = st.floats(0, 1)


def target(value, bound, direction, unit="share"):
    return QualityTarget("it", value, bound, direction, unit, "")


def run(**changes):
    whole = {
        "rows_read": 1000, "rows_silver": 950, "rows_quarantined": 30, "rows_duplicate": 20,
        "quarantine_reasons": {"negative_fare": 30}, "warnings": {"zero_fare": 5, "outside_month": 1},
        "model": {"mae_s": 90.0, "baseline_mean_mae_s": 200.0, "baseline_zone_hour_mae_s": 100.0},
    }  # fmt: skip
    return whole | changes


def profile(rows=950, **nulls):
    return {"rows": rows, "nulls": nulls, "published": dict.fromkeys((*NEEDED, "passengers"), rows)}


def verdicts(a_run, a_profile):
    return {verdict.of.name: verdict for verdict in judge(quality(a_run, a_profile))}


@given(SHARES, SHARES, SHARES)
def test_shares_merge_in_any_order_and_grouping(a, b, c):
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(NOTHING) == a


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_completeness_of_parts_merges_to_that_of_the_whole(cells):
    """Each cell is (its file publishes the column, it has a value there); nothing unpublished has a value."""
    cells = [(published, published and present) for published, present in cells]

    def counted(part):
        nulls = sum(not present for _, present in part)
        return completeness(nulls, len(part), sum(published for published, _ in part))

    half = len(cells) // 2
    assert counted(cells[:half]).merge(counted(cells[half:])) == counted(cells)


def test_a_column_nobody_publishes_is_not_incomplete():
    assert completeness(nulls=100, rows=100, published=0).value is None


@pytest.mark.parametrize(
    ("nulls", "rows", "published"),
    [
        pytest.param(0, 10, 5, id="more values than promised"),
        pytest.param(11, 10, 10, id="more nulls than rows"),
        pytest.param(5, 10, 11, id="published in more rows than there are"),
    ],
)
def test_counts_that_contradict_are_refused(nulls, rows, published):
    with pytest.raises(ValueError, match="contradict"):
        completeness(nulls, rows, published)


def test_weighted_completeness_counts_only_what_is_published_and_has_a_weight():
    shares = {"a": Share(1, 2), "b": Share(10, 10), "unpublished": NOTHING, "unweighted": Share(0, 10)}

    assert weighted(shares, {"a": 3, "b": 1, "unpublished": 100}) == pytest.approx(0.625)
    assert weighted({}, {"a": 1}) is None


def test_consistency_uniqueness_and_timeliness_count_the_good_rows():
    assert consistency(10, 1) == uniqueness(10, 1) == timeliness(10, 1) == Share(9, 10)


@given(st.floats(0, 1e9), st.floats(1, 1e9))
def test_freshness_halves_with_every_half_life(age_s, half_life_s):
    assert decayed(age_s + half_life_s, half_life_s) == pytest.approx(decayed(age_s, half_life_s) / 2)
    assert 0 <= decayed(age_s, half_life_s) <= 1


def test_news_from_the_future_are_not_fresher_than_fresh():
    assert age(newest=100.0, now=40.0) == -60.0
    assert decayed(-60.0, 10.0) == 1.0


def test_a_half_life_of_zero_is_refused():
    with pytest.raises(ValueError, match="half-life"):
        decayed(1.0, 0.0)


def test_large_is_bad_for_an_error_and_small_is_bad_for_completeness():
    assert [verdict.met for verdict in judge([
        target(12.0, 10.0, "at_most", "s"), target(8.0, 10.0, "at_most", "s"), target(10.0, 10.0, "at_most", "s"),
        target(0.8, 0.9, "at_least"), target(0.95, 0.9, "at_least"), target(0.9, 0.9, "at_least"),
    ])] == [False, True, True, False, True, True]  # fmt: skip


@given(VALUES, VALUES, st.sampled_from(["at_least", "at_most"]), st.sampled_from(["share", "ratio"]))
def test_a_target_is_missed_when_more_than_its_allowance_is_used(value, bound, direction, unit):
    (verdict,) = judge([target(value, bound, direction, unit)])

    assert verdict.used >= 0
    if verdict.met:
        assert verdict.used <= 1
    else:
        assert verdict.used >= 1


@given(st.lists(VALUES, min_size=2), VALUES, st.sampled_from(["at_least", "at_most"]))
def test_a_better_value_never_uses_more(values, bound, direction):
    best_first = sorted(values, reverse=direction == "at_least")
    used = [verdict.used for verdict in judge(target(value, bound, direction) for value in best_first)]

    assert all(better <= worse for better, worse in pairwise(used))


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_what_was_not_measured_is_neither_met_nor_missed(nothing):
    (verdict,) = judge([target(nothing, 0.9, "at_least")])

    assert (verdict.met, verdict.used) == (None, None)


def test_a_direction_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="at_leats"):
        judge([target(1.0, 0.9, "at_leats")])


def test_a_good_run_meets_every_target():
    assert all(verdict.met for verdict in verdicts(run(), profile()).values())


@pytest.mark.parametrize(
    ("name", "a_run", "a_profile"),
    [
        ("rows_accounted_for", run(rows_silver=949), profile()),
        ("rows_accounted_for", run(rows_silver=951), profile()),
        ("lines_readable", run(quarantine_reasons={"unparseable_line": 2}), profile()),
        ("rows_consistent", run(rows_silver=900, rows_quarantined=80), profile()),
        ("trips_unique", run(rows_silver=485, rows_duplicate=485), profile()),
        ("values_complete", run(), profile(pickup_zone=950)),
        ("needed_columns_complete", run(), profile(fare_cents=100)),
        ("trips_in_their_month", run(warnings={"outside_month": 100}), profile()),
        ("zero_fares", run(warnings={"zero_fare": 100}), profile()),
        (
            "model_over_best_baseline",
            run(model={"mae_s": 150.0, "baseline_mean_mae_s": 200.0, "baseline_zone_hour_mae_s": 100.0}),
            profile(),
        ),
    ],
)
def test_each_target_can_be_missed(name, a_run, a_profile):
    assert verdicts(a_run, a_profile)[name].met is False


def test_a_run_without_rows_measures_nothing_and_misses_nothing():
    nothing = run(rows_read=0, rows_silver=0, rows_quarantined=0, rows_duplicate=0, quarantine_reasons={}, warnings={},
                  model=None)  # fmt: skip

    assert {verdict.met for verdict in verdicts(nothing, profile(rows=0)).values()} == {None}


def test_a_file_that_publishes_no_fares_is_not_incomplete():
    fhv = {"rows": 950, "nulls": {"fare_cents": 950}, "published": {"pickup_zone": 950, "fare_cents": 0}}

    assert verdicts(run(), fhv)["values_complete"].of.value == 1.0
    assert columns(fhv) == {"pickup_zone": Share(950, 950), "fare_cents": NOTHING}


def test_a_perfect_baseline_cannot_be_beaten_by_dividing_by_zero():
    even = {"mae_s": 0.0, "baseline_mean_mae_s": 0.0, "baseline_zone_hour_mae_s": 0.0}

    assert verdicts(run(model=even), profile())["model_over_best_baseline"].met is True
    assert verdicts(run(model=even | {"mae_s": 1.0}), profile())["model_over_best_baseline"].met is False


def test_what_is_made_by_us_and_published_by_nobody_is_complete():
    made = {"rows": 950, "nulls": {"trip_id": 0}, "published": {"trip_id": 0, "pickup_zone": 950}}

    assert columns(made)["trip_id"] == Share(950, 950)


def test_validity_and_accuracy_count_the_good_values():
    assert validity(10, 1) == accuracy(10, 1) == Share(9, 10)


@given(st.floats(0, 1e6), st.floats(1, 1e6))
def test_a_half_life_and_a_rate_say_the_same(age_s, half_life_s):
    assert math.exp(-decay_rate(half_life_s) * age_s) == pytest.approx(decayed(age_s, half_life_s))
    with pytest.raises(ValueError, match="half-life"):
        decay_rate(-1.0)
