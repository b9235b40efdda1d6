"""How do pandas frames, series, indexes and scalars cross, with every dtype as it was?

Column by column: NumPy columns as arrays, masked and Arrow-backed ones as Arrow arrays with the dtype's name,
categories as codes and categories; the index with its names, labels of columns as another index.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from course_lib.exercises.protocol.arrays import MOST_ITEMS, encode_array, encode_arrow
from course_lib.exercises.protocol.values import Decoder, Encoder, Tree, Undecodable, Unencodable, wanted

if TYPE_CHECKING:
    from pandas.api.extensions import ExtensionArray

_EXTENSION = re.compile(r"U?Int(?:8|16|32|64)|Float(?:32|64)|boolean|string(?:\[\w+\])?|str")
_UNITS = ("s", "ms", "us", "ns")


def encode(encoder: Encoder, value: Any) -> Tree:
    """The tree of a value of pandas; None for what does not cross as a value."""
    for kind, write in _ENCODERS:
        if type(value) is kind or (kind is pd.Index and isinstance(value, kind)):
            return write(encoder, value)
    return None


def _column(encoder: Encoder, values: Any) -> Tree:
    """The values of a Series or an Index, without labels."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        whole = pd.Categorical(values)
        return ["categories", encoder.tree(whole.codes), encoder.tree(whole.categories), bool(whole.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        stamps = np.asarray(values.array.tz_convert("UTC").tz_localize(None))
        return ["zoned", encode_array(encoder, stamps), str(dtype.tz)]
    if isinstance(dtype, np.dtype):
        return encode_array(encoder, np.asarray(values.array if dtype.kind == "O" else values.to_numpy()))
    if isinstance(dtype, pd.ArrowDtype):
        return ["arrowed", encode_arrow(encoder, pa.array(values.array))]
    if _EXTENSION.fullmatch(str(dtype)):
        storage = str(dtype) if not isinstance(dtype, pd.StringDtype) else f"string[{dtype.storage}]"
        return ["masked", storage, encode_arrow(encoder, _whole(pa.array(values.array)))]
    raise Unencodable(f"the pandas dtype {dtype} does not cross")


def _whole(found: Any) -> pa.Array:
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _decode_column(decoder: Decoder, tree: Tree) -> np.ndarray | ExtensionArray:
    match tree:
        case ["categories", codes, categories, bool(ordered)]:
            found = decoder.value(categories)
            if not isinstance(found, pd.Index):
                raise Undecodable("categories are no index")
            return pd.Categorical.from_codes(decoder.value(codes), categories=found, ordered=ordered)
        case ["zoned", ["array", *_] as stamps, str(zone)] if re.fullmatch(r"[A-Za-z0-9_+:/-]{1,64}", zone):
            return pd.DatetimeIndex(decoder.value(stamps)).tz_localize("UTC").tz_convert(zone).array
        case ["arrowed", ["arrow", *_] as arrow]:
            return pd.arrays.ArrowExtensionArray(decoder.value(arrow))
        case ["masked", str(name), ["arrow", *_] as arrow] if _EXTENSION.fullmatch(name):
            return pd.api.types.pandas_dtype(name).__from_arrow__(decoder.value(arrow))
        case ["array" | "objects", *_]:
            return decoder.value(tree)
    raise Undecodable("not a column")


def _index(encoder: Encoder, value: pd.Index) -> Tree:
    if isinstance(value, pd.RangeIndex):
        return ["RangeIndex", value.start, value.stop, value.step, encoder.tree(value.name)]
    if isinstance(value, pd.MultiIndex):
        levels = [_index(encoder, value.get_level_values(n)) for n in range(value.nlevels)]
        return ["MultiIndex", levels, encoder.run(list(value.names))]
    frequency = getattr(value, "freqstr", None) if isinstance(value, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    return ["Index", _column(encoder, value), encoder.tree(value.name), frequency]


def _decode_index(decoder: Decoder, column: Tree, name: Tree, frequency: Tree) -> pd.Index:
    made = pd.Index(_decode_column(decoder, column), name=decoder.value(name))
    if frequency is not None and isinstance(made, pd.DatetimeIndex | pd.TimedeltaIndex):
        if len(wanted(str, frequency)) > 20:
            raise Undecodable("not a frequency")
        made.freq = frequency  # checked by pandas against the values
    return made


def _decode_range(decoder: Decoder, start: Tree, stop: Tree, step: Tree, name: Tree) -> pd.RangeIndex:
    bounds = [wanted(int, bound) for bound in (start, stop, step)]
    return _few(pd.RangeIndex(*bounds, name=decoder.value(name)))


def _decode_multi(decoder: Decoder, levels: Tree, names: Tree) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([_as_index(decoder, level) for level in levels], names=decoder.run(names))


def _as_index(decoder: Decoder, tree: Tree) -> pd.Index:
    found = decoder.value(tree)
    if not isinstance(found, pd.Index):
        raise Undecodable("not an index")
    return _few(found)


def _few(index: Any) -> Any:
    if len(index) > MOST_ITEMS:
        raise Undecodable(f"an index of more than {MOST_ITEMS:,} labels")
    return index


def _series(encoder: Encoder, value: pd.Series) -> Tree:
    return ["Series", _column(encoder, value), _index(encoder, value.index), encoder.tree(value.name)]


def _decode_series(decoder: Decoder, column: Tree, index: Tree, name: Tree) -> pd.Series:
    return pd.Series(_decode_column(decoder, column), index=_as_index(decoder, index), name=decoder.value(name))


def _frame(encoder: Encoder, value: pd.DataFrame) -> Tree:
    columns = [_column(encoder, value.iloc[:, n]) for n in range(value.shape[1])]
    return ["DataFrame", _index(encoder, value.columns), columns, _index(encoder, value.index)]


def _decode_frame(decoder: Decoder, labels: Tree, columns: Tree, index: Tree) -> pd.DataFrame:
    rows, names = _as_index(decoder, index), _as_index(decoder, labels)
    found = [_decode_column(decoder, column) for column in wanted(list, columns)]
    if len(found) != len(names) or any(len(column) != len(rows) for column in found):
        raise Undecodable("a frame's columns do not fill it")
    made = pd.DataFrame(dict(enumerate(found)), index=rows)
    made.columns = names
    return made


def _stamp(encoder: Encoder, value: Any) -> Tree:
    if value is pd.NaT:
        return ["NaT"]
    zone = getattr(value, "tz", None)
    plain = value.tz_convert("UTC").tz_localize(None) if zone is not None else value
    return [type(value).__name__, int(np.asarray(plain.asm8).view("i8")), value.unit, str(zone) if zone else None]


def _decode_stamp(decoder: Decoder, moment: Tree, unit: Tree, zone: Tree) -> pd.Timestamp:
    found = pd.Timestamp(np.datetime64(wanted(int, moment), _unit(unit))).as_unit(unit)
    if zone is None:
        return found
    if not re.fullmatch(r"[A-Za-z0-9_+:/-]{1,64}", wanted(str, zone)):
        raise Undecodable("not a time zone")
    return found.tz_localize("UTC").tz_convert(zone)


def _decode_span(decoder: Decoder, span: Tree, unit: Tree, zone: Tree) -> pd.Timedelta:
    return pd.Timedelta(np.timedelta64(wanted(int, span), _unit(unit))).as_unit(unit)


def _unit(unit: Tree) -> Any:
    if unit not in _UNITS:
        raise Undecodable("not a unit of time")
    return unit


_ENCODERS: tuple[tuple[Any, Callable[[Encoder, Any], Tree]], ...] = (
    (pd.DataFrame, _frame),
    (pd.Series, _series),
    (pd.Index, _index),
    (pd.Timestamp, _stamp),
    (pd.Timedelta, _stamp),
    (type(pd.NaT), _stamp),
    (type(pd.NA), lambda encoder, value: ["NA"]),
)
DECODERS: dict[str, Callable[..., Any]] = {
    "RangeIndex": _decode_range,
    "MultiIndex": _decode_multi,
    "Index": _decode_index,
    "Series": _decode_series,
    "DataFrame": _decode_frame,
    "Timestamp": _decode_stamp,
    "Timedelta": _decode_span,
    "NaT": lambda decoder: pd.NaT,
    "NA": lambda decoder: pd.NA,
}
