"""Arrays, Arrow tables and pandas frames arrive with their dtypes, indexes and names; garbage is refused."""

import contextlib

import numpy as np
import pandas as pd
import pandas.testing as pt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.exercises.protocol.values import Decoder, Encoder, Undecodable, Unencodable, from_json, to_json
from tests.exercises.protocol.test_values import crossed

HOURS = pd.date_range("2020-01-01", periods=3, freq="h")
FRAME = pd.DataFrame(
    {
        "int": [1, 2, 3],
        "small": np.array([1, 2, 3], "int16"),
        "float": [1.5, np.nan, 2],
        "text": ["x", "y", None],
        "string": pd.array(["a", None, "b"], dtype="string"),
        "arrow string": pd.array(["a", None, "b"], dtype="string[pyarrow]"),
        "category": pd.Categorical(["u", "v", None], categories=["v", "u"], ordered=True),
        "Int64": pd.array([1, None, 3], dtype="Int64"),
        "Float64": pd.array([1, None, 3], dtype="Float64"),
        "boolean": pd.array([True, None, False], dtype="boolean"),
        "arrow": pd.array([1, None, 3], dtype="int64[pyarrow]"),
        "zoned": HOURS.tz_localize("UTC").tz_convert("America/New_York"),
        "span": pd.to_timedelta([1, 2, 3], unit="s"),
        "seconds": HOURS.as_unit("s"),
        "mixed": [1, "a", None],
        1: [True, False, True],
    },
    index=HOURS,
)
FRAME.columns.name = "columns"


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(FRAME, id="a column of every dtype"),
        pytest.param(FRAME.iloc[:0], id="no rows"),
        pytest.param(FRAME[[]], id="no columns"),
        pytest.param(pd.DataFrame(), id="nothing"),
        pytest.param(FRAME.reset_index(drop=True), id="a range index"),
        pytest.param(FRAME.iloc[::2].reset_index(drop=True).iloc[[1, 0]], id="an index out of order"),
        pytest.param(FRAME.set_index(["int", "string"]), id="an index of two levels"),
        pytest.param(FRAME.groupby("int")[["small", "float"]].agg(["mean", "max"]), id="columns of two levels"),
        pytest.param(pd.DataFrame([[1, 2]], columns=["a", "a"]), id="two columns of one name"),
    ],
)
def test_a_frame_arrives_as_it_was(frame: pd.DataFrame):
    pt.assert_frame_equal(crossed(frame), frame)


@pytest.mark.parametrize("column", list(FRAME.columns), ids=str)
def test_a_series_arrives_as_it_was(column):
    pt.assert_series_equal(crossed(FRAME[column]), FRAME[column])


def test_counts_of_values_arrive_with_their_index():
    counts = FRAME["category"].value_counts()

    pt.assert_series_equal(crossed(counts), counts)


@pytest.mark.parametrize(
    "value",
    [
        pd.Timestamp("2020-01-01 01:02:03.123456789"),
        pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
        pd.Timestamp("2020-01-01").as_unit("s"),
        pd.Timedelta("1 day 2s"),
        np.float64(0.1),
        np.int8(-3),
        np.bool_(True),
        np.str_(""),
        np.str_("ä"),
        np.bytes_(b"ab"),
        np.datetime64("2020-01-01T00:00"),
        np.timedelta64(3, "s"),
    ],
    ids=repr,
)
def test_a_scalar_keeps_its_type(value):
    assert type(crossed(value)) is type(value) and crossed(value) == value
    assert getattr(crossed(value), "unit", None) == getattr(value, "unit", None)


def test_missing_values_are_the_very_same():
    assert crossed(pd.NaT) is pd.NaT and crossed(pd.NA) is pd.NA


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.arange(6).reshape(2, 3).T,
        np.array(["a", "bc"]),
        np.array([True, False]),
        np.zeros((0, 3)),
        np.array(5),
        np.array([1, "a", None], object),
        np.array(["2020-01-01"], "M8[s]"),
        np.zeros(2, [("a", "<i4"), ("b", "<f8")]),
        np.arange(3, dtype=">i4"),
    ],
    ids=str,
)
def test_an_array_arrives_as_it_was(array: np.ndarray):
    found = crossed(array)

    assert found.dtype == array.dtype and found.shape == array.shape and (found == array).all()


def test_an_array_that_cannot_be_written_to_cannot_be_written_to_there():
    array = np.arange(3)
    array.flags.writeable = False

    assert not crossed(array).flags.writeable and crossed(np.arange(3)).flags.writeable


TABLE = pa.table(
    {
        "int": [1, 2, None],
        "text": ["x", None, "z"],
        "list": pa.array([[1], [], None]),
        "dictionary": pa.array(["a", "b", "a"]).dictionary_encode(),
        "at": pa.array([0, 1, None], pa.timestamp("us")),
    }
).replace_schema_metadata({"made": "by hand"})


@pytest.mark.parametrize(
    "value", [TABLE, TABLE[:0], TABLE["int"], TABLE["int"].combine_chunks(), TABLE.to_batches()[0]], ids=type
)
def test_what_arrow_holds_arrives_as_it_was(value):
    assert crossed(value).equals(value) and type(crossed(value)) is type(value)


def test_a_schema_keeps_its_metadata():
    assert crossed(TABLE.schema).equals(TABLE.schema, check_metadata=True)
    assert crossed(pa.timestamp("us")) == pa.timestamp("us")


@pytest.mark.parametrize(
    "value",
    [np.ma.array([1, 2], mask=[0, 1]), pd.Series(pd.period_range("2020", periods=2)), np.zeros(1, [("a", "O")])],
    ids=type,
)
def test_what_cannot_be_kept_is_refused(value):
    with pytest.raises(Unencodable):
        crossed(value)


def test_a_generator_of_random_numbers_goes_on_where_it_was():
    chance = np.random.default_rng(5)
    chance.random(3)

    assert crossed(chance).random() == chance.random()


SENT = [TABLE, FRAME, FRAME["category"], np.arange(20).reshape(4, 5), TABLE["list"]]


@settings(max_examples=60)
@given(st.sampled_from(SENT), st.data())
def test_a_table_with_changed_bytes_decodes_or_is_refused(value, data):
    encoder = Encoder()
    text = bytearray(to_json(encoder.tree(value)))
    blobs = [bytearray(blob) for blob in encoder.blobs]
    for piece in data.draw(st.lists(st.sampled_from([text, *blobs]), min_size=1, max_size=6)):
        piece[data.draw(st.integers(0, len(piece) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Undecodable):
        Decoder(blobs).value(from_json(text))


def test_an_arrow_type_that_would_run_code_is_refused():
    class Label(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.int64(), "tests.label")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, storage, data):  # never called: its name is not registered
            raise AssertionError

    with pytest.raises(Unencodable):
        crossed(pa.ExtensionArray.from_storage(Label(), pa.array([1, 2])))


@pytest.mark.parametrize("shape", [[0, 1 << 40], [-1], [1] * 33, [1.0], [True]])
def test_an_array_of_an_absurd_shape_is_refused(shape):
    with pytest.raises(Undecodable):
        Decoder([b""]).value(["array", "<f8", shape, True, 0])
