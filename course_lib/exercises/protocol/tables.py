"""How do NumPy arrays, Arrow tables and pandas frames cross, with every dtype as it was?

NumPy as raw bytes with dtype and shape; Arrow as an IPC stream; pandas column by column: NumPy columns as arrays,
masked and Arrow-backed ones as Arrow arrays with the dtype's name, categories as codes and categories, the index with
its names. Object arrays cross when their items are plain values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from course_lib.exercises.protocol.values import Decoder, Encoder, Tree, Undecodable, Unencodable, wanted

if TYPE_CHECKING:
    from pandas.api.extensions import ExtensionArray

MOST_ITEMS = 50_000_000  # of an array, rows of a table
_DTYPE = re.compile(r"[<>|=](?:[biufc]\d{1,2}|[US]\d{1,7}|[mM]8(?:\[\d{0,6}[a-zA-Zμ]{1,7}\])?)")
_EXTENSION = re.compile(r"U?Int(?:8|16|32|64)|Float(?:32|64)|boolean|string(?:\[\w+\])?|str")
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "Philox", "MT19937", "SFC64")
_UNITS = ("s", "ms", "us", "ns")


def encode(encoder: Encoder, value: Any) -> Tree:
    """The tree of a value of one of the three libraries; None for what does not cross as a value."""
    for kind, write in _ENCODERS:
        if type(value) is kind or (kind in _WITH_SUBTYPES and isinstance(value, kind)):
            return write(encoder, value)
    return None


# --- NumPy ---


def _array(encoder: Encoder, value: np.ndarray) -> Tree:
    if value.dtype.kind == "O":
        return ["objects", list(value.shape), encoder.run(value.ravel().tolist())]
    name = _dtype_name(value.dtype)
    return ["array", name, list(value.shape), value.flags.writeable, encoder.blob(value.tobytes())]


def _dtype_name(dtype: np.dtype) -> Any:
    if dtype.names is not None:
        if dtype.hasobject or any(dtype[name].names or dtype[name].shape for name in dtype.names):
            raise Unencodable(f"a NumPy dtype like {dtype} does not cross")
        return [[name, _dtype_name(dtype[name])] for name in dtype.names]
    if not _DTYPE.fullmatch(dtype.str):
        raise Unencodable(f"a NumPy dtype like {dtype} does not cross")
    return dtype.str


def _dtype(name: Tree) -> np.dtype:
    if isinstance(name, list):
        fields = [(wanted(str, field), _dtype(wanted(str, inner))) for field, inner in name]
        return np.dtype(fields)
    if not _DTYPE.fullmatch(wanted(str, name)):
        raise Undecodable(f"not a dtype: {name[:40]!r}")
    return np.dtype(name)


def _shape(tree: Tree) -> tuple[int, ...]:
    shape = tuple(wanted(int, length) for length in wanted(list, tree))
    items = 1
    for length in shape:
        items *= max(length, 1)
        if length < 0 or items > MOST_ITEMS or len(shape) > 32:
            raise Undecodable("no array has that shape")
    return shape


def _decode_array(decoder: Decoder, name: Tree, shape: Tree, writeable: Tree, blob: Tree) -> np.ndarray:
    dtype, lengths, data = _dtype(name), _shape(shape), decoder.blob(blob)
    if dtype.itemsize == 0 or len(data) != dtype.itemsize * int(np.prod(lengths, dtype=object)):
        raise Undecodable("an array's bytes do not fill its shape")
    if dtype.kind == "b":  # a byte that is neither 0 nor 1 would be neither True nor False
        found = (np.frombuffer(data, np.uint8) != 0).reshape(lengths)
    else:
        found = np.frombuffer(data, dtype).reshape(lengths).copy()
    found.flags.writeable = bool(wanted(bool, writeable))
    return found


def _decode_objects(decoder: Decoder, shape: Tree, run: Tree) -> np.ndarray:
    items, lengths = decoder.run(run), _shape(shape)
    found = np.empty(len(items), object)
    for place, item in enumerate(items):
        found[place] = item
    return found.reshape(lengths)


def _scalar(encoder: Encoder, value: np.generic) -> Tree:
    if isinstance(value, np.str_ | np.bytes_):
        return ["scalar", value.dtype.kind, encoder.tree(value.item())]
    return ["scalar", _dtype_name(value.dtype), value.tobytes().hex()]


def _decode_scalar(decoder: Decoder, name: Tree, data: Tree) -> Any:
    if name == "U":
        return np.str_(wanted(str, decoder.value(data)))
    if name == "S":
        return np.bytes_(wanted(bytes, decoder.value(data)))
    dtype, raw = _dtype(name), bytes.fromhex(wanted(str, data))
    if dtype.kind == "b":
        return np.bool_(raw != b"\0")
    if len(raw) != dtype.itemsize:
        raise Undecodable("a scalar's bytes do not fill it")
    return np.frombuffer(raw, dtype)[0]


def _generator(encoder: Encoder, value: np.random.Generator) -> Tree:
    bits = value.bit_generator
    if type(bits).__name__ not in _BIT_GENERATORS:
        raise Unencodable(f"a generator of {type(bits).__name__} does not cross")
    return ["Generator", type(bits).__name__, encoder.tree(_unlisted(bits.state))]


def _unlisted(state: Any) -> Any:
    return {key: _unlisted(item) for key, item in state.items()} if isinstance(state, dict) else state


def _decode_generator(decoder: Decoder, name: Tree, state: Tree) -> np.random.Generator:
    if name not in _BIT_GENERATORS:
        raise Undecodable("not a bit generator")
    bits = getattr(np.random, name)(0)
    bits.state = decoder.value(state)
    return np.random.Generator(bits)


# --- Arrow ---


def _arrow(encoder: Encoder, value: Any) -> Tree:
    kind = type(value).__name__
    if isinstance(value, pa.Array):
        kind, table = "Array", pa.table({"": value})
    elif isinstance(value, pa.ChunkedArray):
        table = pa.table({"": value})
    elif isinstance(value, pa.Schema):
        table = value.empty_table()
    elif isinstance(value, pa.DataType):
        kind, table = "DataType", pa.schema([pa.field("", value)]).empty_table()
    elif isinstance(value, pa.RecordBatch):
        table = pa.Table.from_batches([value])
    else:
        table = value
    _known(table.schema, Unencodable)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return ["arrow", kind, encoder.blob(memoryview(sink.getvalue()))]


def _decode_arrow(decoder: Decoder, kind: Tree, blob: Tree) -> Any:
    table = _table(decoder.blob(blob))
    match kind:
        case "Table":
            return table
        case "Schema":
            return table.schema
        case "RecordBatch":
            whole = table.combine_chunks().to_batches()
            return whole[0] if whole else pa.RecordBatch.from_pylist([], schema=table.schema)
        case "ChunkedArray":
            return table.column(0)
        case "DataType":
            return table.schema.field(0).type
        case "Array":
            return table.column(0).combine_chunks()
    raise Undecodable("not a kind of Arrow")


def _table(data: Any) -> pa.Table:
    reader = pa.ipc.open_stream(pa.py_buffer(bytes(data)))
    _known(reader.schema, Undecodable)
    batches, rows = [], 0
    for batch in reader:
        rows += batch.num_rows
        if rows > MOST_ITEMS:
            raise Undecodable(f"a table of more than {MOST_ITEMS:,} rows")
        batch.validate(full=True)
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _known(schema: pa.Schema, error: type[Exception]) -> None:
    for field in schema:
        _known_type(field.type, error)
        if field.metadata and any(key.startswith(b"ARROW:extension") for key in field.metadata):
            raise error(f"an Arrow extension type does not cross: column {field.name!r}")


def _known_type(kind: pa.DataType, error: type[Exception], depth: int = 0) -> None:
    inner = [kind.field(n).type for n in range(kind.num_fields)]
    if pa.types.is_dictionary(kind):
        inner = [kind.value_type]
    refused = isinstance(kind, pa.BaseExtensionType) or pa.types.is_run_end_encoded(kind) or pa.types.is_union(kind)
    if refused or depth > 16:
        raise error(f"the Arrow type {kind} does not cross")
    for each in inner:
        _known_type(each, error, depth + 1)


# --- pandas ---


def _column(encoder: Encoder, values: Any) -> Tree:
    """The values of a Series or an Index, without labels."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        whole = pd.Categorical(values)
        return ["categories", encoder.tree(whole.codes), encoder.tree(whole.categories), bool(whole.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        stamps = np.asarray(values.array.tz_convert("UTC").tz_localize(None))
        return ["zoned", _array(encoder, stamps), str(dtype.tz)]
    if isinstance(dtype, np.dtype):
        return _array(encoder, np.asarray(values.array if dtype.kind == "O" else values.to_numpy()))
    if isinstance(dtype, pd.ArrowDtype):
        return ["arrowed", _arrow(encoder, pa.array(values.array))]
    if _EXTENSION.fullmatch(str(dtype)):
        storage = str(dtype) if not isinstance(dtype, pd.StringDtype) else f"string[{dtype.storage}]"
        return ["masked", storage, _arrow(encoder, _whole(pa.array(values.array)))]
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


_WITH_SUBTYPES: tuple[Any, ...] = (np.generic, pd.Index, pa.Array, pa.DataType)
_ENCODERS: tuple[tuple[Any, Callable[[Encoder, Any], Tree]], ...] = (
    (np.ndarray, _array),
    (pd.DataFrame, _frame),
    (pd.Series, _series),
    (pd.Index, _index),
    (pd.Timestamp, _stamp),
    (pd.Timedelta, _stamp),
    (type(pd.NaT), _stamp),
    (type(pd.NA), lambda encoder, value: ["NA"]),
    (np.random.Generator, _generator),
    (pa.Table, _arrow),
    (pa.RecordBatch, _arrow),
    (pa.ChunkedArray, _arrow),
    (pa.Schema, _arrow),
    (pa.Array, _arrow),
    (pa.DataType, _arrow),
    (np.generic, _scalar),
)
DECODERS: dict[str, Callable[..., Any]] = {
    "array": _decode_array,
    "objects": _decode_objects,
    "scalar": _decode_scalar,
    "Generator": _decode_generator,
    "arrow": _decode_arrow,
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
