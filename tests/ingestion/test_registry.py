"""Is a change that breaks someone refused, and one that breaks nobody not?"""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from course_lib.errors import CheckFailed
from course_lib.ingestion.registry import Field, Mode, Registry, SourceContract, breaks, breaks_reader

FARE, TIP, NOTE = Field("fare", "int32"), Field("tip", "int32", optional=True), Field("note", "string", optional=True)
OLD = (FARE, TIP)

CHANGES = {  # the new schema, and the modes that forbid it
    "nothing": ((FARE, TIP), set()),
    "another order": ((TIP, FARE), set()),
    "an optional field more": ((FARE, TIP, NOTE), set()),
    "a required field more": ((FARE, TIP, Field("zone", "int32")), {"backward"}),
    "an optional field less": ((FARE,), set()),
    "a required field less": ((TIP,), {"forward"}),
    "wider": ((Field("fare", "int64"), TIP), {"forward"}),
    "narrower": ((Field("fare", "int16"), TIP), {"backward"}),
    "another type": ((Field("fare", "string"), TIP), {"backward", "forward"}),
    "optional now": ((Field("fare", "int32", optional=True), TIP), {"forward"}),
    "required now": ((FARE, Field("tip", "int32")), {"backward"}),
    "renamed": ((Field("fare_cents", "int32"), TIP), {"backward", "forward"}),
    "renamed with an alias": ((Field("fare_cents", "int32", aliases=("fare",)), TIP), {"forward"}),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("mode", ["backward", "forward", "full"])
def test_a_change_is_judged_by_whom_it_breaks(name: str, mode: Mode):
    new, forbidden = CHANGES[name]

    assert bool(breaks(OLD, new, mode)) == bool(forbidden & ({"backward", "forward"} if mode == "full" else {mode}))


def test_versions_are_numbered_and_a_known_schema_keeps_its_number():
    registry = Registry("full")
    numbers = [registry.register("trips", schema) for schema in (OLD, (*OLD, NOTE), OLD)]

    assert numbers == [1, 2, 1]
    assert registry.latest("trips") == (*OLD, NOTE)
    assert registry.register("zones", (FARE,)) == 1


def test_a_refusal_names_every_reason_and_changes_nothing():
    registry = Registry("backward")
    registry.register("trips", OLD)
    with pytest.raises(CheckFailed) as refused:
        registry.register("trips", (Field("fare", "string"), Field("zone", "int32")))

    assert [why for _, why in refused.value.checks] == [
        "new readers of old data: fare is written as int32, and string cannot hold it",
        "new readers of old data: zone is required, and old data has none",
    ]
    assert registry.latest("trips") == OLD


def test_a_field_may_not_stand_twice():
    with pytest.raises(ValueError, match="a field stands twice"):
        Registry().register("trips", (FARE, FARE))


def test_a_field_that_may_be_missing_does_not_serve_who_requires_it():
    assert breaks_reader((Field("tip", "int32"),), (TIP,)) == [
        "tip may be missing in the data, and the reader requires it"
    ]


NOON = datetime(2024, 1, 1, 12)
CONTRACT = SourceContract(
    "trips", (Field("trip_id", "int64"), Field("at", "timestamp")), "trip_id", timedelta(hours=1), (1, 3)
)


def delivery(*rows: tuple[int | None, datetime | None]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), ()]
    return pa.table({"trip_id": pa.array(columns[0], pa.int64()), "at": pa.array(columns[1], pa.timestamp("us"))})


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        pytest.param(delivery((1, NOON), (2, NOON)), set(), id="as promised"),
        pytest.param(delivery(), {"rows", "fresh"}, id="empty"),
        pytest.param(delivery(*((i, NOON) for i in range(4))), {"rows"}, id="too many"),
        pytest.param(delivery((1, NOON), (1, NOON)), {"key"}, id="a key twice"),
        pytest.param(delivery((1, NOON - timedelta(hours=2))), {"fresh"}, id="stale"),
        pytest.param(delivery((1, NOON - timedelta(hours=1))), set(), id="at the edge of fresh"),
        pytest.param(delivery((None, NOON)), {"schema"}, id="a null where none may be"),
        pytest.param(pa.table({"at": pa.array([NOON], pa.timestamp("us"))}), {"schema"}, id="a column less"),
    ],
)
def test_a_delivery_is_held_to_every_promise(table: pa.Table, broken: set[str]):
    assert set(CONTRACT.violations(table, "at", NOON)) == broken
