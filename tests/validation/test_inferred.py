from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.validation.inferred import anomalies, infer
from course_lib.validation.profile import profile

GOOD = {
    "service": ["green", "yellow"] * 10,
    "distance_m": list(range(100, 120)) + list(range(200, 220)),
    "at": [datetime(2024, 1, 1)] * 40,
    "label": [1.5] * 40,
}
GOOD["service"] *= 2


def found(environment=None, edit=None, **changes):
    schema = infer(profile(pa.table(GOOD)))
    schema = edit(schema) if edit else schema
    table = {name: values for name, values in {**GOOD, **changes}.items() if values is not None}
    return [(one.column, one.short) for one in anomalies(profile(pa.table(table)), schema, environment)]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers()), st.sampled_from(["a", "b", None])), min_size=1))
def test_a_table_keeps_the_schema_that_it_suggests(rows):
    numbers = [number if number is None else number % 2**31 for number, _ in rows]
    sample = profile(pa.table({"x": pa.array(numbers, pa.int64()), "y": pa.array([y for _, y in rows], pa.string())}))

    assert anomalies(sample, infer(sample)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"distance_m": None}, [("distance_m", "Column dropped")]),
        ({"tip_cents": [5] * 40}, [("tip_cents", "New column")]),
        ({"service": ["grün"] * 40}, [("service", "Unexpected values")]),
        ({"service": [None] * 40}, [("service", "Missing values")]),
        ({"service": list(range(40))}, [("service", "Unexpected type")]),
        ({"distance_m": [99] * 40}, [("distance_m", "Out-of-range values")]),
        ({"distance_m": [220] * 40}, [("distance_m", "Out-of-range values")]),
        ({"at": [datetime(2030, 1, 1)] * 40}, []),
    ],
)
def test_each_anomaly_has_its_name(changes, said):
    assert found(**changes) == said


def test_a_description_names_the_values_and_how_many():
    schema = infer(profile(pa.table(GOOD)))
    told = anomalies(profile(pa.table({**GOOD, "service": ["fhv"] + ["green"] * 39})), schema)

    assert told[0].long == "'fhv', in 2.50% of the values"


def test_a_label_belongs_to_training():
    def only_in_training(schema):
        return schema.edited("label", environments=frozenset({"training"}))

    assert found("serving", only_in_training, label=None) == []
    assert found("training", only_in_training, label=None) == [("label", "Column dropped")]
    assert found("serving", only_in_training) == [("label", "Column not expected here")]


def test_a_person_may_tolerate_strangers():
    def tolerant(schema):
        return schema.edited("service", tolerated=0.05)

    assert found(None, tolerant, service=["fhv"] + ["green"] * 39) == []
    assert found(None, tolerant, service=["fhv"] * 3 + ["green"] * 37) == [("service", "Unexpected values")]


def test_more_values_than_can_be_counted_are_unexpected():
    many = {name: (values * 20)[:500] for name, values in GOOD.items()} | {"service": [f"s{i}" for i in range(500)]}
    told = anomalies(profile(pa.table(many)), infer(profile(pa.table(GOOD))))

    assert [one.long for one in told] == ["expected 2 values, found 500 different ones"]
