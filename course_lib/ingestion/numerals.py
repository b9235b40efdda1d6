"""Which number does a published value tell?

Numbers are float64 while they are looked at, and exact where it matters: what lies near a half is rounded by decimal
arithmetic on the published text. A Parquet double stands for its shortest decimal form (2.675 dollars are 268 cents in
both editions, though the double lies below). Read are also '1,234.50' with commas between groups of three and '$12'; an
empty field, 'NULL', 'N/A', 'NA', 'NaN', 'None' and '\\N' are nulls, in any case and with spaces round them. What is
neither number nor null is strange.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NULLS = frozenset({"", "null", "n/a", "na", "nan", "none", "nat", "<na>", "\\n"})  # compared in lower case

_LARGEST = 2**31  # no canonical number is larger
_NEAR = 1e-6  # closer to a half than this, float64 cannot tell the side for numbers up to the largest
_EXACT = Context(prec=400)  # digits; more than any number has
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_PLAIN = re.compile(_NUMBER, re.ASCII)
_DRESSED = re.compile(r"(?P<sign>[+-]?)\$? ?(?P<digits>\d{1,3}(,\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)", re.ASCII)


class Strange(NamedTuple):
    """What is neither number, time nor null."""

    rows: list[int]
    texts: list[str]


NOTHING_STRANGE = Strange([], [])


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
    found = _DRESSED.fullmatch(text)
    return Decimal(found["sign"] + found["digits"].replace(",", "")) if found else None


def floats(array: pa.Array) -> tuple[np.ndarray, Strange]:
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
    rest = np.flatnonzero(valid(array) & np.isnan(x))
    words = array.take(pa.array(rest)).to_pylist()
    numbers = [read_decimal(word) for word in words]
    x[rest] = [np.nan if number is None else float(number) for number in numbers]
    x[np.isinf(x)] = np.nan
    none = np.isnan(x[rest])
    return x, strange_texts(rest[none], [word for word, is_none in zip(words, none.tolist(), strict=True) if is_none])


def scaled(x: np.ndarray, array: pa.Array, factor: Decimal) -> np.ndarray:
    """x times `factor`, rounded to nearest, ties to even, exactly; NaN stays."""
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is outside the type, and found there
        product = x * float(factor)
        rounded = np.rint(product)
        close = np.flatnonzero(np.abs(product - rounded) > 0.5 - _NEAR)
    for row in close.tolist():
        value = array[row].as_py()
        number = read_decimal(value) if isinstance(value, str) else Decimal(repr(float(value)))
        if number is not None and abs(number) <= _LARGEST:
            exact = _EXACT.multiply(number, factor)
            rounded[row] = float(exact.quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT))
    return rounded


def strange_texts(rows: np.ndarray, texts: Sequence[str]) -> Strange:
    """The texts in `rows` that are no words for null."""
    told = [(row, text) for row, text in zip(rows.tolist(), texts, strict=True) if clean_text(text) is not None]
    return Strange([row for row, _ in told], [text for _, text in told])


def as_text(array: pa.Array) -> pa.Array:
    """The array as strings; float32 by its shortest decimal form, what Arrow cannot cast as Python writes it."""
    if pa.types.is_string(array.type):
        return array
    try:
        return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())


def sound(array: pa.Array) -> pa.Array:
    """The array, safe to work on: what was read from a file may be damaged in ways that its reader does not notice.

    Strings that are no UTF-8 are escaped. Raises ArrowInvalid where a dictionary lacks the values that rows point at.
    """
    if pa.types.is_dictionary(array.type):
        ends = pc.min_max(array.indices)
        if ends["max"].is_valid and not 0 <= ends["min"].as_py() <= ends["max"].as_py() < len(array.dictionary):
            raise pa.ArrowInvalid("rows point at values that their dictionary does not have")
        values = sound(array.dictionary)
        return array if values is array.dictionary else pa.DictionaryArray.from_arrays(array.indices, values)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            binary = array.view(pa.binary() if pa.types.is_string(array.type) else pa.large_binary())
            texts = [None if it is None else it.decode("utf-8", "backslashreplace") for it in binary.to_pylist()]
            return pa.array(texts, array.type)
    return array


def valid(array: pa.Array) -> np.ndarray:
    return array.is_valid().to_numpy(zero_copy_only=False)
