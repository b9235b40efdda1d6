"""Is the course's pipeline, written down as a graph, the one that runs?"""

import re

import pytest

from course_lib.dag.course import COURSE
from course_lib.dag.pipeline import Pipeline, Step
from course_lib.dag.schemas import gaps
from course_lib.features import build, tables
from course_lib.flows.lineage import FLOW
from course_lib.models import duration
from course_lib.transforms.gold import TABLES
from course_lib.trips.schema import BRONZE, CANONICAL
from course_lib.validation.quarantine import QUARANTINE
from course_lib.validation.twins import FIELDS as TWIN_FIELDS
from tests.places import ROOT


def told(schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def test_it_has_the_steps_of_the_flow_with_what_they_read_and_write():
    assert {step.name: (set(step.reads), set(step.writes)) for step in COURSE.steps} == {
        name: (set(reads), set(writes)) for name, (reads, writes) in FLOW.items()
    }


def test_the_flow_runs_its_steps_in_an_order_of_the_graph():
    """FLOW lists them as the flow runs them; each stands after all that it needs."""
    ran = list(FLOW)
    needs = COURSE.step_needs()

    assert all(ran.index(before) < ran.index(step) for step in ran for before in needs[step])


def test_nothing_is_published_before_it_was_audited_and_all_is_there_to_be():
    needs = COURSE.step_needs()

    assert "audit" in needs["publish"]
    assert "model" in needs["audit"]


def test_the_architecture_has_a_row_for_each_step():
    table = (ROOT / "docs" / "architecture.md").read_text().partition("| step | for each")[2].partition("\n\n")[0]
    named = [name for row in re.findall(r"^\| ([a-z, ]+?) \|", table, re.MULTILINE) for name in row.split(", ")]

    assert named == list(FLOW)


def test_every_step_finds_the_columns_it_relies_on():
    assert gaps(COURSE) == []


def test_without_one_column_the_steps_that_rely_on_it_are_told():
    less = {"silver": {name: kind for name, kind in told(CANONICAL).items() if name != "vehicle_id"}}
    broken = Pipeline(
        tuple(
            Step(step.name, step.reads, {**step.writes, **less}, step.after) if "silver" in step.writes else step
            for step in COURSE.steps
        ),
        COURSE.sources,
    )

    assert {(gap.step, gap.column) for gap in gaps(broken)} == {("aggregate", "vehicle_id")}


@pytest.mark.parametrize(
    ("step", "dataset", "schema"),
    [
        ("ingest", "bronze", BRONZE),
        ("refine", "silver", CANONICAL),
        ("resolve", "silver", CANONICAL),
        ("refine", "quarantine", QUARANTINE),
        ("judge", "quarantine", QUARANTINE),
        ("features", "features/offline/city", tables.CITY_TABLE),
        ("features", "features/offline/zone", tables.ZONE_TABLE),
        ("features", "features/offline/route", tables.ROUTE_TABLE),
        ("training", "scratch/training", build.TRAINING),
    ],
)
def test_a_step_makes_the_columns_of_its_table(step, dataset, schema):
    assert dict(COURSE.step(step).writes[dataset]) == told(schema)


@pytest.mark.parametrize("name", TABLES)
def test_a_gold_table_has_the_columns_that_gold_writes(name):
    from course_lib.aggregates.grouped import Grouped
    from course_lib.trips.columns import Columns

    empty: Grouped = TABLES[name].state(Columns(CANONICAL.empty_table().combine_chunks()))

    assert dict(COURSE.step("gold").writes[f"gold/{name}"]) == told(TABLES[name].table(empty).schema)


def test_steps_rely_on_what_they_read():
    reads = {step.name: {name: set(schema) for name, schema in step.reads.items()} for step in COURSE.steps}

    assert reads["index"]["bronze"] == {"trip_id", "service", *TWIN_FIELDS}
    assert reads["aggregate"]["silver"] == {name for table in TABLES.values() for name in table.reads}
    assert reads["training"]["silver"] == set(build._READ)
    assert reads["model"]["scratch/training"] == {*duration.FEATURES, "pickup_at", "duration_s"}
