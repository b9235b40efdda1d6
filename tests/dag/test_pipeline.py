"""Does a pipeline know its datasets, edges and order?"""

import pytest

from course_lib.dag.graph import Cycle
from course_lib.dag.pipeline import Edge, Pipeline, Step

TAXI = Pipeline(
    (
        Step("announce", {"gold": {}}, {"current": {}}, after=("audit",)),
        Step("audit", {"silver": {}, "gold": {}}),
        Step("aggregate", {"silver": {}}, {"gold": {}}),
        Step("resolve", {"strays": {}}, {"silver": {}}),
        Step("refine", {"bronze": {}}, {"silver": {}, "strays": {}}),
    ),
    {"bronze": {}},
)


def test_datasets_are_all_that_is_read_or_written():
    assert TAXI.datasets() == ["bronze", "current", "gold", "silver", "strays"]


def test_an_edge_says_what_is_made_from_what_by_which_step():
    assert Edge("bronze", "strays", "refine") in TAXI.edges()
    assert all(edge.step != "audit" for edge in TAXI.edges())  # it makes nothing


def test_who_reads_a_dataset_waits_for_all_who_write_it():
    assert TAXI.step_needs()["aggregate"] == {"refine", "resolve"}


def test_a_step_may_wait_for_one_whose_output_it_does_not_read():
    assert TAXI.order() == ["refine", "resolve", "aggregate", "audit", "announce"]


def test_behind_a_wrong_number_lies_all_that_is_upstream():
    assert TAXI.upstream("gold") == {"bronze", "silver", "strays"}
    assert TAXI.downstream("strays") == {"silver", "gold", "current"}


def test_a_step_that_reads_what_it_writes_waits_for_itself():
    with pytest.raises(Cycle, match="update -> update"):
        Pipeline((Step("update", {"state": {}, "new": {}}, {"state": {}}),), {"new": {}}).order()


@pytest.mark.parametrize(
    ("steps", "sources", "why"),
    [
        pytest.param((Step("a"), Step("a")), {}, "two steps are called 'a'", id="one name twice"),
        pytest.param((Step("a", after=("b",)),), {}, "'a' waits for 'b'", id="waits for nobody"),
        pytest.param((Step("a", writes={"x": {}}),), {"x": {}}, "'a' writes 'x'", id="writes a source"),
    ],
)
def test_a_pipeline_that_cannot_be_meant_is_refused(steps, sources, why):
    with pytest.raises(ValueError, match=why):
        Pipeline(steps, sources)


def test_an_unknown_step_is_a_key_error():
    with pytest.raises(KeyError):
        TAXI.step("nothing")


def test_a_column_that_was_tidied_away_is_made_by_nobody():
    wide = Pipeline((Step("refine", {"bronze": {}}, {"silver": {"fare": "int32", "zone": "int32"}}),), {"bronze": {}})

    lean = wide.without_column("silver", "zone")

    assert lean.step("refine").writes == {"silver": {"fare": "int32"}}
    assert wide.step("refine").writes["silver"] == {"fare": "int32", "zone": "int32"}


def test_a_column_that_nobody_makes_cannot_be_tidied_away():
    with pytest.raises(KeyError, match=r"silver\.zone"):
        TAXI.without_column("silver", "zone")
