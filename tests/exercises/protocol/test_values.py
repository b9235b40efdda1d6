"""Plain values cross as they are; bytes that are no encoding of one raise Undecodable, and nothing else."""

import collections
import contextlib
import datetime as dt
import json
import random
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.exercises.protocol.values import (
    MOST_DEPTH,
    Decoder,
    Encoder,
    Undecodable,
    Unencodable,
    fingerprint,
    from_json,
    to_json,
)


def crossed(value):
    """What arrives when `value` is sent."""
    encoder = Encoder()
    data = to_json(encoder.tree(value))
    return Decoder([bytes(blob) for blob in encoder.blobs]).value(from_json(data))


def same(one, other) -> bool:
    """Equal in value and type all the way down; nan is nan."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, list | tuple | collections.deque):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, Decimal):
        return str(one) == str(other)
    return one == other


zones = st.none() | st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-5), "EST"), ZoneInfo("Europe/Berlin")])
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.datetimes(timezones=zones)
    | st.times()
    | st.complex_numbers(allow_nan=False)
    | st.integers(-(2**400), 2**400),
    lambda inner: st.tuples(inner, inner) | st.frozensets(st.integers() | st.text(), max_size=4),
    max_leaves=4,
)
plain = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner) | st.dictionaries(hashable, inner) | st.sets(st.integers() | st.text()) | st.tuples(inner)
    ),
    max_leaves=20,
)


@settings(max_examples=60)
@given(plain)
def test_a_plain_value_arrives_as_it_was(value):
    assert same(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [
        list(range(100)),
        [2**63] * 40,
        [0.5] * 40,
        [True] * 40,
        ["\ud800"],
        "x" * 10_000,
        bytearray(b"ab"),
        collections.deque([1, 2], maxlen=3),
        collections.Counter("aab"),
        collections.OrderedDict(b=1, a=2),
        range(1, 9, 2),
        slice(None, 3),
        Path("a/b"),
        Fraction(1, 3),
        Decimal("1.50"),
        Decimal("NaN"),
        -0.0,
        float("inf"),
        ...,
        NotImplemented,
        dt.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_of_the_list_arrives_as_it_was(value):
    assert same(crossed(value), value)


def test_a_fold_is_kept():
    moment = dt.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))

    assert crossed(moment).fold == 1 and crossed(moment).utcoffset() == dt.timedelta(hours=1)


def test_a_generator_of_random_numbers_goes_on_where_it_was():
    chance = random.Random(3)
    chance.gauss(0, 1)

    assert crossed(chance).random() == chance.random()


def test_equal_sets_are_encoded_alike_whatever_their_order():
    one, other = {f"k{n}" for n in range(50)}, set()
    for n in reversed(range(50)):
        other.add(f"k{n}")

    assert fingerprint(one) == fingerprint(other)


class Text(str):
    """A str that is none."""


KINDS = ["subclass", "object", "class", "function", "module", "generator", "object in a list"]


@pytest.mark.parametrize("value", [Text("a"), object(), int, len, json, (n for n in [1]), [object()]], ids=KINDS)
def test_what_is_no_plain_value_is_refused(value):
    with pytest.raises(Unencodable):
        crossed(value)


def test_a_container_in_itself_is_refused():
    loop: list = []
    loop.append(loop)

    with pytest.raises(Unencodable, match="holds itself"):
        crossed(loop)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)
kinds = st.sampled_from(
    [
        "int",
        "str",
        "list",
        "tuple",
        "set",
        "frozenset",
        "deque",
        "dict",
        "OrderedDict",
        "Counter",
        "defaultdict",
        "bytes",
        "bytearray",
        "complex",
        "date",
        "time",
        "datetime",
        "timedelta",
        "Decimal",
        "Fraction",
        "range",
        "slice",
        "Path",
        "PurePath",
        "Random",
        "NotImplemented",
        "Ellipsis",
        "array",
        "objects",
        "scalar",
        "Generator",
        "arrow",
        "RangeIndex",
        "MultiIndex",
        "Index",
        "Series",
        "DataFrame",
        "Timestamp",
        "Timedelta",
        "NaT",
        "NA",
        "flat",
        "each",
        "ints",
        "floats",
        "named",
    ]
)
hostile = st.recursive(trees, lambda inner: st.tuples(kinds, inner, inner).map(list) | st.lists(inner), max_leaves=15)


@settings(max_examples=60)
@given(hostile, st.lists(st.binary(max_size=64), max_size=3))
def test_a_made_up_tree_decodes_or_is_refused(tree, blobs):
    with contextlib.suppress(Undecodable):
        Decoder(blobs).value(tree)


@settings(max_examples=60)
@given(plain, st.data())
def test_a_changed_byte_decodes_or_is_refused(value, data):
    encoder = Encoder()
    text = bytearray(to_json(encoder.tree(value)))
    blobs = [bytearray(blob) for blob in encoder.blobs]
    for piece in data.draw(
        st.lists(st.sampled_from([text, *(blob for blob in blobs if blob)]), min_size=1, max_size=4)
    ):
        piece[data.draw(st.integers(0, len(piece) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Undecodable):
        Decoder(blobs).value(from_json(text))


@pytest.mark.parametrize(
    "tree",
    [
        ["int", "f" * 10_000_000],
        ["Decimal", "1e999999999"],
        ["range", 0, 1 << 62, 1],
        ["timedelta", 10**12, 0, 0],
        ["array", "<f8", [1 << 62], True, 0],
        ["array", "<U0", [1 << 40], True, 0],
        ["array", "|O", [1], True, 0],
        ["objects", [1 << 50], ["flat"]],
        ["scalar", "<f8", "00" * 1_000_000],
        ["Fraction", 1, 0],
        ["RangeIndex", 0, 1 << 60, 1, None],
        ["deque", ["flat"], -1],
        ["set", ["each", ["list", ["flat"]]]],
        ["str", 0],
        ["str", 9],
        ["str", -1],
        ["str", True],
        ["Timestamp", 1 << 70, "ns", None],
        ["Timestamp", 0, "s", "../../etc/passwd"],
        ["datetime", "2020-01-01", 0, ["zone", "/etc"]],
        ["Generator", "PCG64", ["dict", ["flat"], ["flat"]]],
        ["Generator", "__init__", None],
        ["Random", ["flat", 1], None],
        {"a": 1},
        [],
        [1],
        [None],
        ["list"],
        ["list", ["flat", []]],
        ["unknown", 1],
    ],
    ids=lambda tree: str(tree)[:40],
)
def test_a_hostile_tree_is_refused_without_much_memory(tree):
    tracemalloc.start()
    try:
        try:
            found = Decoder([b"\xff"]).value(tree)
        except Undecodable:
            found = None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found is None or isinstance(found, range | Decimal)
    assert peak < 30_000_000


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":1}', b"[" * 100_000, b"\xff", b"1" * 10_000, b"[1]x"], ids=len)
def test_bytes_that_are_no_tree_are_refused(text: bytes):
    with pytest.raises(Undecodable):
        Decoder([]).value(from_json(text))


def test_depth_is_bounded_when_decoding():
    tree: list = ["list", ["flat"]]
    for _ in range(MOST_DEPTH):
        tree = ["list", ["each", tree]]

    with pytest.raises(Undecodable, match="deep"):
        Decoder([]).value(tree)
