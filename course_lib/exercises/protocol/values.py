"""Which values cross between answers and tests, and as what?

A value becomes a tree for JSON and a list of blobs. None, bool, small int, float and short str are themselves; all else
is an array that begins with the name of its kind:

    ["dict", keys, values]    ["date", "2020-10-01"]    ["array", "<f8", [2, 3], true, 0]    (0: the first blob)

where keys and values are *runs*, the one way to write several values:

    ["flat", 1, 2, "x"]  scalars as they are    ["ints", 0], ["floats", 1]  packed in a blob    ["each", tree, …]

Types are exact: a bool is no int, a subclass of str is no str. What is no plain value is left to a Border, which may
make a handle of it. Nothing here runs code that a value brings along: no pickle, no `__reduce__`, no constructor of a
class that is not named in a list of ours. The decoder takes its input for hostile: it decodes or raises Undecodable,
and holds no more than a few times what came in.
"""

from __future__ import annotations

import array
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from types import NoneType
from typing import Any, Protocol

Tree = Any  # what json.loads gives, objects excepted
Blob = bytes | bytearray | memoryview

MOST_DEPTH = 48  # containers in containers
MOST_NODES = 4_000_000  # values in one message
MOST_BITS = 1 << 20  # of an int
SHORT = 4_096  # characters of a str that stands in the tree
PACKED = 32  # numbers from which a run is packed
_SMALL = 1 << 63
# Exact type -> how it is encoded, and name of a kind -> how it is decoded; kinds.py fills both.
ENCODERS: dict[type, Callable[[Encoder, Any], Tree]] = {}
DECODERS: dict[str, Callable[..., Any]] = {}
_SCALARS = frozenset((NoneType, bool, int, float, str))


class BorderError(Exception):
    """A value cannot cross."""


class Unencodable(BorderError, TypeError):
    """The value is not of a kind that crosses."""


class Undecodable(BorderError, ValueError):
    """What came is not the encoding of any value."""


class Border(Protocol):
    """What one side knows beyond plain values: named classes, and objects that stay where they are."""

    def export(self, value: object, encoder: Encoder) -> Tree:
        """The tree of a value that is not plain. Raises Unencodable."""

    def admit(self, tree: list[Tree], decoder: Decoder) -> object:
        """The value of such a tree. Raises Undecodable."""


class NoBorder:
    """Plain values only."""

    def export(self, value: object, encoder: Encoder) -> Tree:
        raise Unencodable(f"a {type(value).__name__} is not a plain value")

    def admit(self, tree: list[Tree], decoder: Decoder) -> object:
        raise Undecodable(f"unknown kind {str(tree[0])[:40]!r}")


class Encoder:
    """Encodes the values of one message; `blobs` are to go with the trees."""

    def __init__(self, border: Border | None = None):
        self.border: Border = border or NoBorder()
        self.blobs: list[Blob] = []
        self._depth = 0
        self._nodes = 0

    def tree(self, value: object) -> Tree:
        """The tree of a value. Raises Unencodable."""
        kind = type(value)
        if kind in _SCALARS:
            return self._scalar(value)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Unencodable(f"containers lie more than {MOST_DEPTH} deep in each other, or a container holds itself")
        try:
            encode = ENCODERS.get(kind)
            if encode is not None:
                return encode(self, value)
            library = kind.__module__.partition(".")[0]
            if library in ("numpy", "pandas", "pyarrow"):
                tree = _of_library(library).encode(self, value)
                if tree is not None:
                    return tree
            return self.border.export(value, self)
        finally:
            self._depth -= 1

    def run(self, values: Sequence[Any]) -> Tree:
        """Several values, as compact as they allow."""
        self._nodes += len(values)
        if self._nodes > MOST_NODES:
            raise Unencodable(f"more than {MOST_NODES:,} values in one message")
        types = set(map(type, values))
        if types <= _SCALARS:
            if len(values) >= PACKED and len(types) == 1:
                for kind, name, code in ((int, "ints", "q"), (float, "floats", "d")):
                    if kind in types:
                        try:
                            return [name, self.blob(array.array(code, values).tobytes())]
                        except OverflowError:
                            break
            return ["flat", *values] if _fit(values, types) else ["each", *map(self._scalar, values)]
        return ["each", *map(self.tree, values)]

    def blob(self, data: Blob) -> int:
        """The number of a blob that carries `data`."""
        self.blobs.append(data)
        return len(self.blobs) - 1

    def _scalar(self, value: Any) -> Tree:
        self._nodes += 1
        if type(value) is int and not -_SMALL <= value < _SMALL:
            if value.bit_length() > MOST_BITS:
                raise Unencodable(f"an int of more than {MOST_BITS:,} bits")
            return ["int", f"{value:x}"]
        if type(value) is str and len(value) > SHORT:
            return ["str", self.blob(value.encode("utf-8", "surrogatepass"))]
        return value


class Decoder:
    """Decodes the trees of one message."""

    def __init__(self, blobs: Sequence[Blob], border: Border | None = None):
        self.border: Border = border or NoBorder()
        self._blobs = blobs
        self._depth = 0
        self._nodes = 0

    def value(self, tree: Tree) -> Any:
        """The value of a tree. Raises Undecodable."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise Undecodable(f"more than {MOST_NODES:,} values in one message")
        if type(tree) in _SCALARS:
            return tree
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise Undecodable(f"no value begins so: {str(tree)[:60]}")
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Undecodable(f"containers lie more than {MOST_DEPTH} deep in each other")
        try:
            return self._kind(tree)
        except BorderError:
            raise
        except Exception as error:  # whatever a constructor of ours says to garbage
            raise Undecodable(f"not a {tree[0][:40]}: {type(error).__name__}: {str(error)[:200]}") from error
        finally:
            self._depth -= 1

    def _kind(self, tree: list[Tree]) -> Any:
        decode = DECODERS.get(tree[0])
        for library in ("numpy", "pandas"):
            decode = decode or _of_library(library).DECODERS.get(tree[0])
        return decode(self, *tree[1:]) if decode is not None else self.border.admit(tree, self)

    def run(self, tree: Tree) -> list[Any]:
        """The values of a run."""
        match tree:
            case ["flat", *items]:
                self._count(len(items))
                if not set(map(type, items)) <= _SCALARS:
                    raise Undecodable("a flat run holds scalars only")
                return items
            case ["each", *items]:
                return [self.value(item) for item in items]
            case ["ints" | "floats" as name, number]:
                data = self.blob(number)
                self._count(len(data) // 8)
                packed = array.array("q" if name == "ints" else "d")
                packed.frombytes(data)
                return packed.tolist()
        raise Undecodable(f"no run begins so: {str(tree)[:60]}")

    def blob(self, number: Tree) -> Blob:
        """The blob of that number."""
        if type(number) is not int or not 0 <= number < len(self._blobs):
            raise Undecodable(f"there is no blob {str(number)[:40]}")
        return self._blobs[number]

    def _count(self, more: int) -> None:
        self._nodes += more
        if self._nodes > MOST_NODES:
            raise Undecodable(f"more than {MOST_NODES:,} values in one message")


def to_json(tree: Tree) -> bytes:
    """A tree as ASCII bytes."""
    return _JSON.encode(tree).encode("ascii")


def from_json(data: Blob) -> Tree:
    """The tree in hostile bytes. Raises Undecodable."""
    try:
        return _ARRAYS.decode(bytes(data).decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"not a tree: {str(error)[:100]}") from error


def fingerprint(value: object, border: Border | None = None) -> tuple[bytes, tuple[bytes, ...]]:
    """Equal for values that are encoded alike: what was changed shows. Raises Unencodable."""
    encoder = Encoder(border)
    tree = encoder.tree(value)
    return to_json(tree), tuple(bytes(blob) for blob in encoder.blobs)


def wanted(kind: type | tuple[type, ...], value: object) -> Any:
    """`value` if its type is exactly one of `kind`. Raises Undecodable."""
    if type(value) not in (kind if isinstance(kind, tuple) else (kind,)):
        raise Undecodable(f"{type(value).__name__} stands where {kind} belongs")
    return value


def _of_library(library: str) -> Any:
    """What knows the values of a library; the libraries are heavy, and many values need none of them."""
    return import_module(f"{__package__}.{'pandas_values' if library == 'pandas' else 'arrays'}")


def _no_object(pairs: list[tuple[str, Any]]) -> None:
    raise ValueError("an object stands where none belongs")


_JSON = json.JSONEncoder(separators=(",", ":"))
_ARRAYS = json.JSONDecoder(object_pairs_hook=_no_object)


def _fit(values: Sequence[Any], types: set[type]) -> bool:
    if int in types and any(type(v) is int and not -_SMALL <= v < _SMALL for v in values):
        return False
    return str not in types or all(len(v) <= SHORT for v in values if type(v) is str)


from course_lib.exercises.protocol import kinds  # noqa: E402, F401  it fills the lists above
