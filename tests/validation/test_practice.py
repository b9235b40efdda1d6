from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib.trips.contract import BIT
from course_lib.validation.judged import judged, refused
from course_lib.validation.practice import a_frame, a_month, a_real_month, daily, months


def test_a_month_is_the_same_every_time_and_knows_its_defects():
    one, again, other = a_month(3_000), a_month(3_000), a_month(3_000, seed=8)

    assert one.published.equals(again.published) and one.bronze.equals(again.bronze)
    assert (one.kinds == again.kinds).all()
    assert not one.published.equals(other.published)
    assert one.published.num_rows == one.bronze.num_rows == len(one.kinds) == 3_000
    assert one.month == (2024, 1)


def test_a_month_without_rates_has_nothing_broken():
    month = a_month(2_000, rates={})

    assert set(month.kinds.tolist()) == {""}
    assert not judged(month.bronze, month.publishes, month.month).any()


def test_what_is_odd_is_still_there_as_published_and_null_in_bronze():
    month = a_month(2_000, rates={"zone_out_of_range": 0.01})
    at = np.flatnonzero(month.kinds == "zone_out_of_range")

    assert len(at)
    assert month.published["pickup_zone"].take(at).to_pylist() == [999] * len(at)
    assert month.bronze["pickup_zone"].take(at).to_pylist() == [None] * len(at)
    assert (judged(month.bronze)[at] == 1 << BIT["outside_type"]).all()


def test_later_months_correct_earlier_ones():
    first, second = months(20_000, number=2)
    corrected = second.published["trip_id"].filter(second.kinds == "late_correction").to_pylist()

    assert corrected and set(corrected) <= set(first.published["trip_id"].to_pylist())


def test_a_frame_keeps_whole_numbers_whole_beside_nulls():
    frame = a_frame(a_month(2_000, rates={"unknown_pickup_zone": 0.01, "missing_pickup": 0.01}).published)

    assert str(frame["pickup_zone"].dtype) == "Int32"
    assert frame["pickup_zone"].isna().any() and frame["pickup_at"].isna().any()
    assert frame["service"].iloc[0] in ("green", "yellow")


def test_without_a_real_month_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    assert a_real_month(service="no such service") is None


def test_a_real_month_is_found_where_the_command_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path
):
    name = "green_tripdata_2020-10.csv.gz"
    below = tmp_path / "workspace" / "03"
    below.mkdir(parents=True)
    (tmp_path / "trips").mkdir()
    (tmp_path / "trips" / name).symlink_to(shared_data / "tlc" / name)
    monkeypatch.chdir(below)

    month = a_real_month()
    assert month is not None
    assert (month.name, month.month, month.bronze.num_rows) == (name, (2020, 10), 95_120)
    assert int(refused(judged(month.bronze, month.publishes, month.month)).sum()) == 4_047


def test_a_stream_is_the_same_every_time_and_changes_when_it_is_told():
    assert daily(3, 100).tolist() == daily(3, 100).tolist()
    moved = daily(3, 100, change_at=60, size=2.0) - daily(3, 100)

    assert moved[:60].tolist() == [0.0] * 60
    assert moved[60:] == pytest.approx(80.0)
