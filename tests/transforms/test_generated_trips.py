"""The generator knows which rows it broke: the batch path must find these rows, for these reasons, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from course_lib import reference
from course_lib.ingestion.synthetic import generate
from course_lib.storage import layout
from course_lib.trips.contract import ERROR_NAMES, WARNING_NAMES
from course_lib.trips.defects import DEFAULT_RATES, DEFECTS, DISPLACED
from course_lib.trips.generator import Settings
from tests.transforms.trip_tables import Built, Size, build, cut_into

RULE = {defect.kind: defect.rule for defect in DEFECTS}
# Four times the usual rates, so that few rows hold many of every kind.
SETTINGS = Settings(trips=12_000, seed=3, months=3, rates={kind: 4 * rate for kind, rate in DEFAULT_RATES.items()})
Place = tuple[str, int]  # source_file, source_row


class Graded:
    """Generated trips, what the batch path made of them, and the truth."""

    def __init__(self, folder: Path, settings: Settings):
        self.paths = generate(settings, folder / "in")
        with cut_into(Size(unit=5_000, small=1_000, strays=300, hashes=5_000)):
            self.built: Built = build([folder / "in"], folder / "work")
        truth = [
            row for path in sorted((folder / "in" / "_truth").iterdir()) for row in layout.read_table(path).to_pylist()
        ]
        self.kind: dict[Place, str] = {place(row): row["kind"] for row in truth}
        self.trip_ids = {place(row): row["trip_id"] for row in truth}
        self.silver = {place(row): row for row in self.built.rows(self.built.silver_parts)}
        self.refused = {place(row): row["reasons"].split(";") for row in self.built.rows(self.built.silver.quarantine)}

    def of_kind(self, *kinds: str) -> set[Place]:
        return {where for where, kind in self.kind.items() if kind in kinds}


def place(row: dict[str, Any]) -> Place:
    return row["source_file"], row["source_row"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return Graded(tmp_path_factory.mktemp("generated"), SETTINGS)


def test_every_kind_of_defect_is_among_the_rows(graded: Graded):
    assert Counter(graded.kind.values()).keys() == set(RULE)


def test_refused_are_exactly_the_rows_that_were_broken_so(graded: Graded):
    broken = {where: RULE[kind] for where, kind in graded.kind.items() if RULE[kind] in ERROR_NAMES}

    assert set(graded.refused) == set(broken)
    assert {where: [rule] for where, rule in broken.items()} == graded.refused


def test_a_row_that_was_only_odd_is_kept_and_counted(graded: Graded):
    told = Counter(RULE[kind] for kind in graded.kind.values())

    for name in WARNING_NAMES:
        if told[name]:
            assert graded.built.silver.broken[name] >= told[name], name
    kept = {where for where, kind in graded.kind.items() if RULE[kind] in WARNING_NAMES}
    assert kept <= set(graded.silver)


def test_of_a_trip_delivered_twice_one_row_stands(graded: Graded):
    ids = [row["trip_id"] for row in graded.silver.values()]
    displacing = {kind for kind, rule in RULE.items() if rule == DISPLACED}

    assert len(ids) == len(set(ids))
    assert graded.built.silver.total("rows_duplicate") == len(graded.of_kind(*displacing))


def test_a_correction_stands_and_a_bad_correction_leaves_the_older_row_standing(graded: Graded):
    assert graded.of_kind("correction", "late_correction") <= set(graded.silver)
    standing = {row["trip_id"] for row in graded.silver.values()}
    assert {graded.trip_ids[where] for where in graded.of_kind("bad_correction")} <= standing


def test_gold_is_the_reference_job_on_silver(graded: Graded):
    assert graded.built.demand == reference.zone_hour_demand(graded.silver.values())


def test_gold_is_the_reference_job_on_what_was_published_but_for_the_rules_it_lacks(graded: Graded):
    """The job keeps trips that the contract refuses: longer than 23 h, over 100 miles, a zone outside its type."""
    published, beyond = [], graded.of_kind("too_long", "too_far", "zone_out_of_range")
    for path in graded.paths:
        for number, row in enumerate(layout.read_table(path).to_pylist(), start=1):
            if (path.name, number) not in beyond:
                published.append(row | {"source_file": path.name, "source_row": number})

    assert graded.built.demand == reference.zone_hour_demand(published)


@pytest.mark.full
def test_two_hundred_thousand_trips_are_graded_without_a_fault(tmp_path: Path):
    graded = Graded(tmp_path, Settings())

    test_every_kind_of_defect_is_among_the_rows(graded)
    test_refused_are_exactly_the_rows_that_were_broken_so(graded)
    test_a_row_that_was_only_odd_is_kept_and_counted(graded)
    test_of_a_trip_delivered_twice_one_row_stands(graded)
    test_a_correction_stands_and_a_bad_correction_leaves_the_older_row_standing(graded)
    test_gold_is_the_reference_job_on_silver(graded)
