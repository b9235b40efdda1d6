"""What does a published value say in canonical units?

Money is rounded to whole cents and miles to whole metres, to nearest, ties to even, exactly as the decimal text says;
a Parquet double stands for its shortest decimal form (2.675 dollars are 268 cents in both editions, though the double
lies below). Read as numbers are also '1,234.50' with commas between groups of three and '$12'; an empty field, 'NULL',
'N/A', 'NA', 'NaN', 'None' and '\\N' are nulls, in any case and with spaces round them. What can be read as nothing,
and what lies outside the field's type, is odd: the canonical value is null, and the row has a problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.ingestion.identity import mix, number_bits, text_bits
from course_lib.ingestion.times import EARLIEST, LATEST, SECOND, read_stamps, read_texts
from course_lib.trips.schema import METRES_PER_MILE, TIME, UNKNOWN_ZONES, ZONES

NULLS = frozenset({"", "null", "n/a", "na", "nan", "none", "nat", "<na>", "\\n"})  # compared in lower case

# The TLC's codes for what older files spell out (data dictionary of trip records). DDS, a vendor of 2009 and 2010, has
# no code there: 3 is ours.
VENDORS = {"cmt": 1, "vts": 2, "dds": 3}
PAYMENTS = {
    "credit": 1, "cre": 1, "crd": 1, "credit card": 1,
    "cash": 2, "cas": 2, "csh": 2,
    "no charge": 3, "no": 3, "noc": 3,
    "dispute": 4, "dis": 4,
    "unknown": 5, "unk": 5,
    "voided trip": 6, "void": 6, "voi": 6,
}  # fmt: skip

FEW = pa.dictionary(pa.int32(), pa.string())  # the type of columns that say the same thing over and over

MANY = frozenset({"time", "kept time", "kept number", "miles", "id"})  # kinds whose values rarely repeat

SLICE = 1 << 15  # rows converted at a time: the numbers stay in the processor's cache
_INT32 = 2**31 - 1
_NEAR = 1e-6  # closer to a half than this, float64 cannot tell the side for numbers within int32
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_DRESSED = re.compile(r"(?P<sign>[+-]?)\$? ?(?P<digits>\d{1,3}(,\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)")
_PLAIN = re.compile(_NUMBER, re.ASCII)


class Values(NamedTuple):
    """n published values of one column, as read."""

    numbers: np.ndarray  # int64, the canonical value where `known`
    known: np.ndarray  # bool
    odd: np.ndarray  # bool: published, but unreadable or outside the field's type
    identity: np.ndarray  # uint64, what the value adds to the hash of its row; 0 for null


class Strange(NamedTuple):
    """What is neither number, time nor null."""

    rows: list[int]
    texts: list[str]


NOTHING_STRANGE = Strange([], [])


class Whole(NamedTuple):
    """How a number becomes a canonical integer."""

    factor: Decimal | None  # None: published in the canonical unit, and must be whole
    least: int
    most: int
    names: Mapping[str, int] = {}  # what older files spell out
    unknown: tuple[int, ...] = ()  # codes that stand for null


_INT16 = 2**15 - 1
WHOLE = {
    "dollars": Whole(Decimal(100), -_INT32, _INT32),
    "fee": Whole(Decimal(100), -_INT32, _INT32),
    "miles": Whole(Decimal(str(METRES_PER_MILE)), -_INT32, _INT32),
    "integer": Whole(None, -_INT32, _INT32),
    "code": Whole(None, -_INT16 - 1, _INT16),
    "count": Whole(None, 0, _INT16),
    "vendor": Whole(None, -_INT16 - 1, _INT16, VENDORS),
    "payment": Whole(None, -_INT16 - 1, _INT16, PAYMENTS),
    "zone": Whole(None, ZONES[0], ZONES[-1], unknown=UNKNOWN_ZONES),
}


def convert(kind: str, array: pa.Array, key: np.uint64) -> Values:
    """The values of a published column (n rows, any type), whose identity is told apart by `key`.

    A dictionary is converted once and its values handed out; other arrays go in slices.
    """
    read = _reader(kind, key)
    if not pa.types.is_dictionary(array.type):
        array = _plain(array)
        if pa.types.is_string(array.type) and kind not in MANY:
            array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        unique = read(_plain(array.dictionary))
        which = pc.fill_null(array.indices.cast(pa.int32()), len(array.dictionary)).to_numpy()
        return Values(*(_handed_out(part, which) for part in unique))
    if len(array) <= SLICE:
        return read(array)
    n = len(array)
    whole = Values(np.empty(n, np.int64), np.empty(n, bool), np.empty(n, bool), np.empty(n, np.uint64))
    for start in range(0, n, SLICE):
        for all_rows, part in zip(whole, read(array.slice(start, SLICE)), strict=True):
            all_rows[start : start + SLICE] = part
    return whole


def _handed_out(unique: np.ndarray, which: np.ndarray) -> np.ndarray:
    """unique[which], where one past the end is 0."""
    if not unique.any():
        return np.zeros(len(which), unique.dtype)
    return np.append(unique, unique.dtype.type(0))[which]


def as_array(values: Values, kind: pa.DataType) -> pa.Array:
    """The canonical values as an array of type `kind` (int32 or timestamp[us]), null where nothing is known."""
    mask = None if values.known.all() else ~values.known
    if kind == TIME:
        return pa.array(values.numbers, mask=mask).view(kind)
    return pa.array(values.numbers.astype(np.int32), mask=mask)


def as_kept(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """A published column without a canonical home, as `kind`: its own type, or a string."""
    if array.type == kind:
        return array
    return as_text(array) if pa.types.is_string(kind) else array.cast(kind)


def texts(array: pa.Array) -> pa.Array:
    """The strings of a published column of names (n rows), without outer spaces; the words for null are null."""
    if not pa.types.is_dictionary(array.type):
        array = _plain(array).dictionary_encode()
    names = [clean_text(text) for text in _plain(array.dictionary).cast(pa.string()).to_pylist()]
    return pa.array(names, pa.string()).take(array.indices)


def clean_text(text: str | None) -> str | None:
    """A published name without outer spaces, or None where it is a word for null."""
    stripped = (text or "").strip()
    return None if stripped.lower() in NULLS else stripped


def read_decimal(text: str) -> Decimal | None:
    """The number that `text` tells, or None.

    >>> read_decimal("1,234.50"), read_decimal("-$12"), read_decimal("12,34"), read_decimal("1_0")
    (Decimal('1234.50'), Decimal('-12'), None, None)
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    found = _DRESSED.fullmatch(text) if text.isascii() else None
    return Decimal(found["sign"] + found["digits"].replace(",", "")) if found else None


def _reader(kind: str, key: np.uint64) -> Callable[[pa.Array], Values]:
    if kind in WHOLE:
        return lambda array: _read_whole(array, WHOLE[kind], key)
    if kind in ("time", "kept time"):
        return lambda array: _read_times(array, key)
    return lambda array: _read_kept(array, key)


def _read_whole(array: pa.Array, whole: Whole, key: np.uint64) -> Values:
    x, strange = _floats(array)
    if whole.factor is None:
        numbers, known = x, ~np.isnan(x)
        odd = known & (np.rint(x) != x)
    else:
        numbers = _scaled(x, array, whole.factor)
        known = ~np.isnan(x)
        odd = np.zeros(len(x), bool)
    for number in whole.unknown:
        known &= numbers != number
    odd |= known & ((numbers < whole.least) | (numbers > whole.most))
    identity = _identity(x, strange, key)
    known &= ~odd
    numbers = np.where(known, numbers, 0).astype(np.int64)
    for row, text in zip(*strange, strict=True):
        code = whole.names.get(text.lower())
        odd[row], known[row], numbers[row] = code is None, code is not None, code or 0
    return Values(numbers, known, odd, identity)


def _read_times(array: pa.Array, key: np.uint64) -> Values:
    present = _valid(array)
    if pa.types.is_timestamp(array.type) and array.type.tz is None:
        at, known = read_stamps(array), present.copy()
    else:
        array = as_text(array)
        at, known = read_texts(array)
        if not (known == present).all():
            array = pc.utf8_trim_whitespace(array)
            at, known = read_texts(array)
    inside = (at >= EARLIEST) & (at < LATEST)
    identity = np.where(known, mix(at.view(np.uint64) ^ key), np.uint64(0))
    rest = np.flatnonzero(present & ~known)
    strange = _strange(rest, array.take(pa.array(rest)).to_pylist())
    _add_strange(identity, strange, key)
    odd = known & ~inside
    odd[strange.rows] = True
    known &= inside
    return Values(np.where(known, at - at % SECOND, 0), known, odd, identity)


def _read_kept(array: pa.Array, key: np.uint64) -> Values:
    """Only the identity: the value itself is kept as it is."""
    if pa.types.is_timestamp(array.type):
        return _read_times(array, key)
    x, strange = _floats(array)
    nothing = np.zeros(len(array), bool)
    return Values(np.zeros(len(array), np.int64), nothing, nothing, _identity(x, strange, key))


def _identity(x: np.ndarray, strange: Strange, key: np.uint64) -> np.ndarray:
    identity = np.where(np.isnan(x), np.uint64(0), mix(number_bits(x) ^ key))
    _add_strange(identity, strange, key)
    return identity


def _add_strange(identity: np.ndarray, strange: Strange, key: np.uint64) -> None:
    if len(strange.rows):
        bits = np.fromiter(map(text_bits, strange.texts), np.uint64, len(strange.texts))
        identity[strange.rows] = mix(bits ^ key)


def _strange(rows: np.ndarray, texts: Sequence[str]) -> Strange:
    """The texts in `rows` that are no words for null."""
    told = [(row, text) for row, text in zip(rows.tolist(), texts, strict=True) if clean_text(text) is not None]
    return Strange([row for row, _ in told], [text for _, text in told])


def _floats(array: pa.Array) -> tuple[np.ndarray, Strange]:
    """The numbers of a column as float64 (NaN where there is none), and the texts that are none."""
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan), NOTHING_STRANGE
    if pa.types.is_integer(array.type) or pa.types.is_float64(array.type):
        x = array.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        infinite = np.flatnonzero(np.isinf(x))
        if not len(infinite):
            return x, NOTHING_STRANGE
        words = [str(number) for number in x[infinite].tolist()]
        return np.where(np.isinf(x), np.nan, x), Strange(infinite.tolist(), words)
    array = as_text(array)
    try:
        x = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        pass  # some are no numbers: find out which
    else:
        if not np.isinf(x).any():
            return x, NOTHING_STRANGE
    array = pc.utf8_trim_whitespace(array)
    plain = pc.match_substring_regex(array, _NUMBER)
    x = pc.if_else(plain, array, None).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    x[np.isinf(x)] = np.nan
    rest = np.flatnonzero(_valid(array) & np.isnan(x))
    words = array.take(pa.array(rest)).to_pylist()
    numbers = [read_decimal(word) for word in words]
    x[rest] = [np.nan if number is None else float(number) for number in numbers]
    x[np.isinf(x)] = np.nan
    none = np.isnan(x[rest])
    return x, _strange(rest[none], [word for word, is_none in zip(words, none.tolist(), strict=True) if is_none])


def _scaled(x: np.ndarray, array: pa.Array, factor: Decimal) -> np.ndarray:
    """x times `factor`, rounded to nearest, ties to even, exactly; NaN stays."""
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is outside the type, and found there
        product = x * float(factor)
        rounded = np.rint(product)
        close = np.flatnonzero(np.abs(product - rounded) > 0.5 - _NEAR)
    for row in close.tolist():
        value = array[row].as_py()
        number = read_decimal(value) if isinstance(value, str) else Decimal(repr(float(value)))
        if number is not None and abs(number) <= _INT32:
            rounded[row] = float((number * factor).quantize(Decimal(1), ROUND_HALF_EVEN))
    return rounded


def _plain(array: pa.Array) -> pa.Array:
    """The array with a type that the readers know."""
    kind = array.type
    known = (pa.types.is_integer, pa.types.is_float64, pa.types.is_null, pa.types.is_timestamp, pa.types.is_string)
    return array if any(is_known(kind) for is_known in known) else as_text(array)


def as_text(array: pa.Array) -> pa.Array:
    """The array as strings; float32 by its shortest decimal form, what Arrow cannot cast as Python writes it."""
    if pa.types.is_string(array.type):
        return array
    try:
        return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())


def _valid(array: pa.Array) -> np.ndarray:
    return array.is_valid().to_numpy(zero_copy_only=False)
