"""Every engine that computes gives the oracle's answer, byte for byte."""

from __future__ import annotations

import re

import pytest

from course_lib.engines import compute
from course_lib.engines.compute import difference
from course_lib.engines.running import call
from course_lib.errors import ContractBroken, EngineFailed
from tests.engines.contract import broken_copy, not_yet, of_kind, ready


@pytest.mark.parametrize("name", of_kind("compute"))
def test_equal_to_the_oracle_on_a_few_trips_on_the_edges_and_on_nothing(name, small, tmp_path):
    compute.agrees(ready(name), tmp_path, small)


@pytest.mark.full
@pytest.mark.parametrize("name", of_kind("compute"))
def test_equal_to_the_oracle_on_200_000_trips_and_on_the_real_file(name, trips_200k, green_trips, tmp_path):
    compute.agrees(ready(name), tmp_path, [trips_200k, green_trips])


@pytest.mark.full
@pytest.mark.parametrize("name", not_yet("compute"))
def test_an_engine_that_cannot_do_it_yet_ends_with_the_error_that_it_names(name, small, tmp_path):
    engine = ready(name)

    with pytest.raises((EngineFailed, ContractBroken), match=re.escape(engine.raises)):
        compute.agrees(engine, tmp_path, small[:1])


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('(pc.field("fare_cents") >= 0)', '(pc.field("fare_cents") > 0)', id="a free trip is no trip"),
        pytest.param("rows.filter(pa.array(newest(rows))).combine_chunks()", "rows", id="corrections count twice"),
        pytest.param(
            ".view(np.uint64) % SHARES", " * 0 + (hash(str(file)) % SHARES)", id="shares by file, not by trip"
        ),
        pytest.param('& (pc.field("distance_m") > 0)', "", id="validity is left to gold, after the newest was chosen"),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(old, new, small, tmp_path):
    wrong = broken_copy("dask", tmp_path, (old, new))

    with pytest.raises(ContractBroken):
        compute.agrees(wrong, tmp_path, small)


def test_a_difference_is_told_with_its_line():
    assert difference(b"h\na\nb\n", b"h\na\nc\n") == "line 3 is 'c' instead of 'b'"
    assert difference(b"h\na\n", b"h\n") == "line 2 is '' instead of 'a'"
    assert difference(b"h\n", b"") == "line 1 is '' instead of 'h'"


HOUR = "2024-03-09T"


@pytest.mark.full
def test_beam_tells_a_window_when_the_watermark_passes_and_again_for_what_is_late(tmp_path):
    def batch(watermark: str, *trips: tuple[int, str]) -> dict:
        return {"trips": [[zone, HOUR + at] for zone, at in trips], "watermark": HOUR + watermark}

    batches = [
        batch("09:00:00", (1, "08:10:00"), (1, "08:20:00"), (2, "08:59:59")),
        batch("09:20:00", (1, "08:30:00"), (1, "09:10:00")),  # the first is late, within half an hour
        batch("10:00:00", (1, "09:30:00")),
        batch("11:00:00", (1, "08:40:00"), (1, "09:40:00")),  # the first is too late
    ]

    told = call(ready("beam"), "late_panes", tmp_path, {"batches": batches, "lateness": 1_800}).value

    eight, nine = f"{HOUR}08:00:00", f"{HOUR}09:00:00"
    assert sorted(told) == [
        [1, eight, 2, "ON_TIME"],
        [1, eight, 3, "LATE"],
        [1, nine, 2, "ON_TIME"],
        [1, nine, 3, "LATE"],
        [2, eight, 1, "ON_TIME"],
    ]
