"""Is a composition closed, and if not, what is missing where?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dag.pipeline import Pipeline, Step
from course_lib.dag.schemas import Gap, fits, gaps

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]


@pytest.mark.parametrize("given_type", NUMBERS)
@pytest.mark.parametrize("needed", NUMBERS)
def test_a_type_fits_when_every_value_survives_the_way_there_and_back(given_type, needed):
    if given_type.startswith("float"):
        info = np.finfo(given_type)
        values = np.array([info.max, info.tiny, 1 + float(info.eps), -0.5], given_type)
    else:
        info = np.iinfo(given_type)
        values = np.array([info.min, info.max, max(info.max - 1, 0)], given_type)
    with np.errstate(all="ignore"):
        there = [_exactly(value, needed) for value in values]

    assert fits(given_type, needed) == all(there)


def _exactly(value: np.generic, needed: str) -> bool:
    """Whether `needed` has a value that is equal to `value`, judged in whole Python numbers."""
    if needed.startswith("float"):
        moved = np.dtype(needed).type(value)
        return bool(np.isfinite(moved)) and moved.item() == value.item()
    info = np.iinfo(needed)
    return value.item() == int(value.item()) and info.min <= int(value.item()) <= info.max


def test_types_without_an_order_fit_themselves_alone():
    assert fits("timestamp[us]", "timestamp[us]")
    assert not fits("timestamp[s]", "timestamp[us]")
    assert not fits("string", "int64")


def chain(made: dict[str, str], needed: dict[str, str]) -> Pipeline:
    return Pipeline((Step("count", {"silver": needed}), Step("clean", {"raw": {}}, {"silver": made})), {"raw": {}})


def test_a_closed_composition_has_no_gaps():
    assert gaps(chain({"zone": "int32", "fare": "int32"}, {"zone": "int64"})) == []


def test_a_column_that_nobody_makes_is_told_with_who_should_have():
    found = gaps(chain({"zone": "int32"}, {"zone": "int32", "fare": "int64"}))

    assert found == [Gap("count", "silver", "fare", "int64", None, "clean")]
    assert str(found[0]) == "count needs silver.fare as int64; clean writes it without it"


def test_a_type_that_does_not_fit_is_told_with_what_is_there():
    found = gaps(chain({"zone": "string"}, {"zone": "int32"}))

    assert str(found[0]) == "count needs silver.zone as int32; clean writes it as string"


def test_a_dataset_that_nothing_writes_is_one_gap_however_many_columns_it_lacks():
    found = gaps(Pipeline((Step("count", {"silver": {"a": "int32", "b": "int32"}}),)))

    assert [str(gap) for gap in found] == ["count reads silver, which nothing writes"]


def test_of_two_writers_the_one_that_leaves_a_column_out_is_named():
    both = Pipeline(
        (
            Step("refine", {"raw": {}}, {"silver": {"zone": "int32"}}),
            Step("resolve", {"raw": {}}, {"silver": {}}),
            Step("count", {"silver": {"zone": "int32"}}),
        ),
        {"raw": {}},
    )

    assert [gap.writer for gap in gaps(both)] == ["resolve"]


def test_a_source_that_lacks_a_column_has_no_writer():
    found = gaps(Pipeline((Step("land", {"raw": {"id": "int64"}}),), {"raw": {}}))

    assert str(found[0]) == "land needs raw.id as int64; it comes without it"


SCHEMAS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["int32", "int64", "string"]), max_size=3)


@given(st.lists(st.tuples(SCHEMAS, SCHEMAS), min_size=1, max_size=4))
def test_a_chain_is_closed_exactly_when_rows_that_carry_the_types_pass_through_it(chain):
    steps = [Step(f"s{i}", {f"d{i}": needs}, {f"d{i + 1}": makes}) for i, (needs, makes) in enumerate(chain)]
    pipeline = Pipeline(tuple(steps[::-1]), {"d0": {"a": "int32"}})

    def passes() -> bool:
        row = {"a": "int32"}
        for needs, makes in chain:
            if any(row.get(column) != kind and (row.get(column), kind) != ("int32", "int64")
                   for column, kind in needs.items()):  # fmt: skip
                return False
            row = makes
        return True

    assert (gaps(pipeline) == []) == passes()
