import numpy as np

from course_lib.aggregates.grouped import Grouped
from course_lib.reports.data import ZONE_HOUR, of
from course_lib.transforms.gold import TABLES
from course_lib.validation.metrics import Share


def test_the_table_is_the_one_that_gold_makes():
    names = {"sums": ("trips", "fare_cents", "distance_m", "seconds"), "maxima": ("max_fare_cents",)}
    none = np.zeros(0, np.int64)
    state = Grouped.of(none, **{kind: dict.fromkeys(columns, none) for kind, columns in names.items()})

    assert TABLES["zone_hour"].table(state).schema.names == ZONE_HOUR.names


def test_a_run_record_with_the_counts_alone_is_enough():
    counts = dict.fromkeys(("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"), 1)
    data = of(counts, zone_hour=ZONE_HOUR.empty_table(), residuals=None, quality=())

    assert (data.warnings, data.model, data.steps, data.completeness) == ({}, None, (), {})


def test_completeness_comes_from_the_profile():
    counts = dict.fromkeys(("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate"), 1)
    profile = {"rows": 10, "nulls": {"a": 4}, "published": {"a": 8}}
    data = of(counts, zone_hour=ZONE_HOUR.empty_table(), residuals=None, quality=(), profile=profile)

    assert data.completeness == {"a": Share(6, 8)}
