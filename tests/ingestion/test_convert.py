"""Published values become canonical integers exactly as their decimal text says."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.ingestion import convert as conversion
from course_lib.ingestion.convert import PAYMENTS, VENDORS, convert, texts
from course_lib.ingestion.numerals import clean_text, read_decimal

KEY = np.uint64(7)
INT32 = 2**31 - 1


def one(kind, value, type_=None):
    """The canonical number of a single value, None for null, 'odd' where it is refused."""
    values = convert(kind, pa.array([value], type_), KEY)
    if values.odd[0]:
        assert not values.known[0]
        return "odd"
    return int(values.numbers[0]) if values.known[0] else None


def slowly(text, factor):
    """The oracle: decimal arithmetic, one value at a time."""
    number = int((Decimal(text) * factor).quantize(Decimal(1), ROUND_HALF_EVEN))
    return number if abs(number) <= INT32 else "odd"


decimals = st.decimals(min_value=-(10**8), max_value=10**8, allow_nan=False, places=4).map(str)


@given(decimals)
@settings(deadline=None)
def test_dollars_are_rounded_as_their_text_says(text):
    assert one("dollars", text) == slowly(text, 100)


@given(decimals)
@settings(deadline=None)
def test_miles_are_rounded_as_their_text_says(text):
    assert one("miles", text) == slowly(text, Decimal("1609.344"))


@given(st.integers(-(10**7), 10**7), st.sampled_from(["5", "50", "500", "49999999999999", "50000000000001"]))
@settings(deadline=None)
def test_halves_of_a_cent_go_to_the_even_side(cents, tail):
    text = f"{Decimal(cents) / 100:.2f}{tail}"

    assert one("dollars", text) == slowly(text, 100)


@given(st.floats(-(10**7), 10**7).map(lambda x: round(x, 3)))
@settings(deadline=None)
def test_a_double_is_rounded_as_its_shortest_text(x):
    assert one("dollars", x, pa.float64()) == slowly(repr(x), 100) == one("dollars", repr(x))


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("2.675", 268),
        ("0.125", 12),
        ("0.135", 14),
        ("-0.125", -12),
        ("0.125" + "0" * 40 + "1", 13),
        ("2.6299999999999999", 263),
        (".79", 79),
        ("5.", 500),
        ("+5", 500),
        ("-0", 0),
        (" 7.5 ", 750),
        ("1e2", 10000),
        ("1,234.50", 123450),
        ("1,234,567", 123456700),
        ("$12.00", 1200),
        ("-$12", -1200),
        ("21474836.47", INT32),
        ("21474836.48", "odd"),
        ("1e300", "odd"),
        ("1e999", "odd"),
        ("12,34", "odd"),
        ("1,23,456", "odd"),
        ("1_000", "odd"),
        ("0x10", "odd"),
        ("١٢", "odd"),
        ("free", "odd"),
        ("inf", "odd"),
        ("", None),
        ("  ", None),
        ("NULL", None),
        ("N/A", None),
        ("nan", None),
        ("\\N", None),
        (None, None),
    ],
)
def test_dollars(text, cents):
    assert one("dollars", text, pa.string()) == cents


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("zone", "263", 263),
        ("zone", "1.0", 1),
        ("zone", "264", None),
        ("zone", "265", None),
        ("zone", "0", "odd"),
        ("zone", "266", "odd"),
        ("zone", "-1", "odd"),
        ("zone", "7.5", "odd"),
        ("code", "32767", 32767),
        ("code", "32768", "odd"),
        ("count", "0", 0),
        ("count", "-1", "odd"),
        ("integer", "2147483648", "odd"),
        ("vendor", "VTS", 2),
        ("vendor", " cmt ", 1),
        ("vendor", "2", 2),
        ("vendor", "XYZ", "odd"),
        ("payment", "CASH", 2),
        ("payment", "Credit", 1),
        ("payment", "No Charge", 3),
        ("payment", "UNK", 5),
        ("payment", "1", 1),
        ("payment", "barter", "odd"),
    ],
)
def test_codes(kind, value, expected):
    assert one(kind, value) == expected


ONE = [
    pytest.param([1], pa.int8(), id="int8"),
    pytest.param([1], pa.int64(), id="int64"),
    pytest.param([1], pa.uint64(), id="uint64"),
    pytest.param([1.0], pa.float32(), id="float32"),
    pytest.param([1.0], pa.float64(), id="float64"),
    pytest.param([Decimal("1.00")], pa.decimal128(10, 2), id="decimal"),
    pytest.param(["1"], pa.string(), id="string"),
    pytest.param([" 1.0 "], pa.large_string(), id="large string, padded"),
    pytest.param(["1"], pa.dictionary(pa.int8(), pa.string()), id="dictionary"),
    pytest.param([b"1"], pa.binary(), id="binary"),
]


@pytest.mark.parametrize(("values", "type_"), ONE)
@pytest.mark.parametrize("kind", ["dollars", "zone", "code", "kept", "kept number"])
def test_the_same_value_of_another_type_is_the_same(kind, values, type_):
    array = pa.array(values, pa.string() if pa.types.is_dictionary(type_) else type_)
    array = array.dictionary_encode() if pa.types.is_dictionary(type_) else array

    read, plain = convert(kind, array, KEY), convert(kind, pa.array([1]), KEY)

    assert [part.tolist() for part in read] == [part.tolist() for part in plain]


@pytest.mark.parametrize("type_", [pa.null(), pa.float64(), pa.string(), pa.int32(), pa.timestamp("us"), pa.bool_()])
@pytest.mark.parametrize("kind", ["dollars", "zone", "time", "kept", "kept time", "text"])
def test_a_null_is_nothing_whatever_its_type(kind, type_):
    values = convert(kind, pa.nulls(3, type_), KEY)

    assert not values.known.any()
    assert not values.odd.any()
    assert not values.identity.any()


def test_nan_and_infinity_in_a_column_of_doubles():
    values = convert("dollars", pa.array([1.0, float("nan"), float("inf"), 1e300]), KEY)

    assert values.known.tolist() == [True, False, False, False]
    assert values.odd.tolist() == [False, False, True, True]


def test_float32_is_read_by_its_shortest_text():
    assert one("dollars", 2.675, pa.float32()) == 268


def test_odd_values_of_different_text_have_different_identities():
    values = convert("zone", pa.array(["a", "b", "a", "7"]), KEY)

    assert len(set(values.identity.tolist())) == 3


@pytest.fixture
def slices_of_three(monkeypatch):
    monkeypatch.setattr(conversion, "SLICE", 3)


@given(cells=st.lists(st.sampled_from(["1", "2.675", "x", "", "1,000", None, "-7"]), min_size=4, max_size=12))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_slices_and_dictionaries_change_nothing(slices_of_three, cells):
    array = pa.array(cells, pa.string())
    one_by_one = [convert("miles", array.slice(i, 1), KEY) for i in range(len(array))]
    plain = [np.concatenate(parts).tolist() for parts in zip(*one_by_one, strict=True)]

    assert [part.tolist() for part in convert("miles", array, KEY)] == plain
    assert [part.tolist() for part in convert("miles", array.dictionary_encode(), KEY)] == plain


@given(st.text(max_size=12))
@settings(deadline=None)
def test_any_text_is_read_or_refused_alike_by_the_fast_and_the_slow_way(text):
    number = read_decimal(text)
    fast = one("dollars", text)

    if number is not None and abs(number) < 10**6:
        assert fast == slowly(str(number), 100)
    else:
        assert fast in ("odd", None)


def test_names_lose_their_outer_spaces_and_the_words_for_null():
    names = texts(pa.array([" B00254  ", "NULL", "", None, "B00254"]))

    assert names.to_pylist() == ["B00254", None, None, None, "B00254"]


def test_names_may_come_as_numbers():
    assert texts(pa.array([7, None])).to_pylist() == ["7", None]


def test_clean_text_keeps_the_case():
    assert (clean_text(" Ab "), clean_text("nan"), clean_text(None)) == ("Ab", None, None)


def test_the_names_of_codes_are_lower_case():
    assert all(name == name.lower() for name in [*VENDORS, *PAYMENTS])
