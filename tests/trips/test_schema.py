"""The canonical schema keeps its promises to every engine."""

from __future__ import annotations

import pyarrow as pa
import pytest

from course_lib.trips import schema
from course_lib.trips.schema import BRONZE, CANONICAL, FIELDS, PROBLEM, SERVICES, UNPARSEABLE, ZONES
from tests.transforms.oracle import COLUMNS


def test_the_columns_are_those_that_were_agreed_on_in_their_order():
    assert tuple(CANONICAL.names) == COLUMNS == schema.NAMES


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_has_a_type_that_every_engine_reads_and_a_meaning(field: schema.Field):
    assert str(field.type) in {"int32", "int64", "string", "timestamp[us]"}
    assert CANONICAL.field(field.name).nullable is not field.required
    assert field.meaning


def test_required_is_what_makes_a_row_a_trip_that_can_be_found_again():
    required = {field.name for field in FIELDS if field.required}

    assert required == {"trip_id", "service", "pickup_at", "source_file", "source_row"}


def test_times_have_no_zone():
    assert pa.timestamp("us") == schema.TIME
    assert schema.TIME.tz is None


def test_bronze_is_canonical_with_problems_and_text_and_anything_may_be_missing_in_it():
    assert BRONZE.names == [*CANONICAL.names, "problems", "raw"]
    assert [field.name for field in BRONZE if not field.nullable] == ["problems"]
    assert [BRONZE.field(name).type for name in CANONICAL.names] == CANONICAL.types


def test_every_field_has_a_problem_bit_and_the_line_has_another():
    bits = [*PROBLEM.values(), UNPARSEABLE]

    assert len(set(bits)) == len(FIELDS) + 1
    assert all(1 << bit < 2**63 for bit in bits)


def test_services_and_zones_are_the_publishers():
    assert set(SERVICES) == {"yellow", "green", "fhv", "fhvhv"}
    assert (min(ZONES), max(ZONES)) == (1, 263)
    assert not set(schema.UNKNOWN_ZONES) & set(ZONES)
