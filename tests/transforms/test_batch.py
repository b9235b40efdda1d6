"""From files to silver, quarantine and gold: nothing lost, every reason named, one row a trip, whatever comes in."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from course_lib import reference
from course_lib.storage import layout
from course_lib.transforms import audit
from tests.transforms import oracle
from tests.transforms.oracle import Answer, Row
from tests.transforms.trip_tables import INPUTS, SIZES, Built, Input, Size, build, cut_into, write

# A failure is shown as it was found: to shrink one, with its files, takes minutes.
QUICK = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)


def names_in(folder: Path, paths: Sequence[Path]) -> list[str]:
    """Each path relative to the common folder of them all, as ingestion names it."""
    top = folder if len({path.parent for path in paths}) > 1 else paths[0].parent
    return [path.relative_to(top).as_posix() for path in paths]


def expected(folder: Path, paths: Sequence[Path], files: Sequence[Input]) -> Answer:
    named = zip(names_in(folder, paths), files, strict=True)
    return oracle.answer([oracle.ingest(name, file.rows) for name, file in named])


def lines(rows: Sequence[Row]) -> list[str]:
    """Rows as a bag that can be compared, and read where it differs."""
    return sorted(repr([row[name] for name in oracle.COLUMNS]) for row in rows)


def assert_equal(built: Built, answer: Answer) -> None:
    """What was built is what the oracle says, to the last row, reason, count and byte of gold."""
    silver = built.rows(built.silver_parts)
    assert lines(silver) == lines(answer.silver)
    kept = [(lines([r])[0], r["reasons"], r["raw"] is not None) for r in built.rows(built.silver.quarantine)]
    assert sorted(kept) == sorted((lines([row])[0], why, odd) for row, why, odd in answer.quarantine)
    fates = [(f.rows_read, f.rows_silver, f.rows_quarantined, f.rows_duplicate) for f in built.silver.files]
    assert fates == [answer.fates[name] for name in sorted(answer.fates, key=str.encode)]
    assert built.silver.broken == answer.broken
    assert built.demand == reference.zone_hour_demand(answer.silver)


def problems_found(built: Built) -> list[tuple[str, str]]:
    """What the audit says of it."""
    seen = [audit.examine(built.tables, partition, parts) for partition, parts in built.silver.parts.items()]
    gold = layout.read_table(built.tables / "gold/zone_hour.parquet")
    quarantined = audit.count_rows(built.tables, built.silver.quarantine)
    return audit.failures(built.silver, seen, quarantined, audit.gold_trips(gold))


@QUICK
@given(INPUTS, SIZES)
def test_the_batch_path_is_the_slow_job_row_by_row(files: list[Input], size: Size):
    with tempfile.TemporaryDirectory() as folder, cut_into(size):
        paths = write(Path(folder) / "in", files)
        built = build(paths, Path(folder) / "work")

        assert_equal(built, expected(Path(folder) / "in", paths, files))
        assert problems_found(built) == []


@pytest.mark.full
@settings(QUICK, max_examples=600)
@given(INPUTS, SIZES)
def test_the_batch_path_is_the_slow_job_row_by_row_at_length(files: list[Input], size: Size):
    with tempfile.TemporaryDirectory() as folder, cut_into(size):
        paths = write(Path(folder) / "in", files)
        built = build(paths, Path(folder) / "work")

        assert_equal(built, expected(Path(folder) / "in", paths, files))
        assert problems_found(built) == []
