"""What does a published value say in canonical units?

Money is rounded to whole cents and miles to whole metres, to nearest, ties to even. Codes must be whole numbers, or
words that the TLC once used for them. What can be read as nothing (numerals.py, times.py), and what lies outside the
field's type, is odd: the canonical value is null, and the row has a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.ingestion.identity import mix, number_bits, text_bits
from course_lib.ingestion.numerals import Strange, as_text, clean_text, floats, scaled, strange_texts, valid
from course_lib.ingestion.times import EARLIEST, LATEST, SECOND, read_stamps, read_texts
from course_lib.trips.schema import METRES_PER_MILE, TIME, UNKNOWN_ZONES, ZONES

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


class Values(NamedTuple):
    """n published values of one column, as read."""

    numbers: np.ndarray  # int64, the canonical value where `known`
    known: np.ndarray  # bool
    odd: np.ndarray  # bool: published, but unreadable or outside the field's type
    identity: np.ndarray  # uint64, what the value adds to the hash of its row; 0 for null


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


def _reader(kind: str, key: np.uint64) -> Callable[[pa.Array], Values]:
    if kind in WHOLE:
        return lambda array: _read_whole(array, WHOLE[kind], key)
    if kind in ("time", "kept time"):
        return lambda array: _read_times(array, key)
    return lambda array: _read_kept(array, key)


def _read_whole(array: pa.Array, whole: Whole, key: np.uint64) -> Values:
    x, strange = floats(array)
    if whole.factor is None:
        numbers, known = x, ~np.isnan(x)
        odd = known & (np.rint(x) != x)
    else:
        numbers = scaled(x, array, whole.factor)
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
    present = valid(array)
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
    strange = strange_texts(rest, array.take(pa.array(rest)).to_pylist())
    _add_strange(identity, strange, key)
    odd = known & ~inside
    odd[strange.rows] = True
    known &= inside
    return Values(np.where(known, at - at % SECOND, 0), known, odd, identity)


def _read_kept(array: pa.Array, key: np.uint64) -> Values:
    """Only the identity: the value itself is kept as it is."""
    if pa.types.is_timestamp(array.type):
        return _read_times(array, key)
    x, strange = floats(array)
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


def _plain(array: pa.Array) -> pa.Array:
    """The array with a type that the readers know."""
    kind = array.type
    known = (pa.types.is_integer, pa.types.is_float64, pa.types.is_null, pa.types.is_timestamp, pa.types.is_string)
    return array if any(is_known(kind) for is_known in known) else as_text(array)
