"""How do NumPy arrays and Arrow tables cross, with every dtype as it was?

NumPy as raw bytes with dtype and shape, Arrow as an IPC stream. Object arrays cross when their items are plain values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from course_lib.exercises.protocol.values import Decoder, Encoder, Tree, Undecodable, Unencodable, wanted

MOST_ITEMS = 50_000_000  # of an array, rows of a table
_DTYPE = re.compile(r"[<>|=](?:[biufc]\d{1,2}|[US]\d{1,7}|[mM]8(?:\[\d{0,6}[a-zA-Zμ]{1,7}\])?)")
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "Philox", "MT19937", "SFC64")


def encode(encoder: Encoder, value: Any) -> Tree:
    """The tree of a value of NumPy or Arrow; None for what does not cross as a value."""
    for kind, write in _ENCODERS:
        if type(value) is kind or (kind in _WITH_SUBTYPES and isinstance(value, kind)):
            return write(encoder, value)
    return None


# --- NumPy ---


def encode_array(encoder: Encoder, value: np.ndarray) -> Tree:
    """The tree of an array. Raises Unencodable for a dtype that does not cross."""
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


def encode_arrow(encoder: Encoder, value: Any) -> Tree:
    """The tree of a table, batch, array, schema or type. Raises Unencodable for a type that does not cross."""
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


_WITH_SUBTYPES: tuple[Any, ...] = (np.generic, pa.Array, pa.DataType)
_ENCODERS: tuple[tuple[Any, Callable[[Encoder, Any], Tree]], ...] = (
    (np.ndarray, encode_array),
    (np.random.Generator, _generator),
    (pa.Table, encode_arrow),
    (pa.RecordBatch, encode_arrow),
    (pa.ChunkedArray, encode_arrow),
    (pa.Schema, encode_arrow),
    (pa.Array, encode_arrow),
    (pa.DataType, encode_arrow),
    (np.generic, _scalar),
)
DECODERS: dict[str, Callable[..., Any]] = {
    "array": _decode_array,
    "objects": _decode_objects,
    "scalar": _decode_scalar,
    "Generator": _decode_generator,
    "arrow": _decode_arrow,
}
