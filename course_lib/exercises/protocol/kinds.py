"""How is each plain kind written down? The two lists of values.py, a line per kind."""

from __future__ import annotations

import random
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PosixPath, PurePosixPath
from types import NoneType
from typing import Any
from zoneinfo import ZoneInfo

from course_lib.exercises.protocol.values import (
    DECODERS,
    ENCODERS,
    MOST_BITS,
    SHORT,
    Decoder,
    Encoder,
    Tree,
    Undecodable,
    Unencodable,
    to_json,
    wanted,
)


def _sorted_run(encoder: Encoder, values: Sequence[Any]) -> Tree:
    """A run in an order that depends on the values alone, so that equal sets are encoded alike."""
    if len({type(v) for v in values} & {int, str, bytes, date}) == 1 and len({type(v) for v in values}) == 1:
        return encoder.run(sorted(values))
    trees = [encoder.tree(value) for value in values]
    return ["each", *sorted(trees, key=to_json)]


def _zone(encoder: Encoder, value: Any) -> Tree:
    zone = value.tzinfo
    if zone is None:
        return None
    if type(zone) is timezone:
        return ["offset", _seconds(zone.utcoffset(None)), zone.tzname(None)]
    if type(zone) is ZoneInfo and zone.key:
        return ["zone", zone.key]
    raise Unencodable(f"a time zone of type {type(zone).__name__} does not cross; use datetime.timezone or ZoneInfo")


def _seconds(span: timedelta) -> list[int]:
    return [span.days, span.seconds, span.microseconds]


def _unzone(tree: Tree) -> Any:
    match tree:
        case None:
            return None
        case ["offset", [int(days), int(seconds), int(micros)], str(name)]:
            span = timedelta(days, seconds, micros)
            plain = timezone(span)
            return plain if plain.tzname(None) == name else timezone(span, name)
        case ["zone", str(key)] if re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", key):
            return ZoneInfo(key)
    raise Undecodable("not a time zone")


def _decode_time(cls: Any) -> Callable[..., Any]:
    def decode(decoder: Decoder, text: Tree, fold: Tree, zone: Tree) -> Any:
        moment = cls.fromisoformat(wanted(str, text))
        return moment.replace(fold=wanted(int, fold), tzinfo=_unzone(zone))

    return decode


def _rng_state(value: random.Random) -> list[Any]:
    version, words, gauss = value.getstate()
    return [version, list(words), gauss]


def _decode_rng(decoder: Decoder, words: Tree, gauss: Tree) -> random.Random:
    made = random.Random(0)
    made.setstate((3, tuple(decoder.run(words)), wanted((float, NoneType), gauss)))
    return made


def _decode_int(decoder: Decoder, text: Tree) -> int:
    if len(wanted(str, text)) > MOST_BITS // 4 + 1 or not re.fullmatch(r"-?[0-9a-f]+", text):
        raise Undecodable("not an int")
    return int(text, 16)


def _decode_decimal(decoder: Decoder, text: Tree) -> Decimal:
    if len(wanted(str, text)) > 100_000:
        raise Undecodable("too long for a Decimal")
    return Decimal(text)


def _decode_fraction(decoder: Decoder, over: Tree, under: Tree) -> Fraction:
    return Fraction(wanted(int, decoder.value(over)), wanted(int, decoder.value(under)))


def _decode_range(decoder: Decoder, *bounds: Tree) -> range:
    return range(*(wanted(int, decoder.value(bound)) for bound in bounds))


def _decode_deque(decoder: Decoder, run: Tree, most: Tree) -> deque[Any]:
    return deque(decoder.run(run), wanted((int, NoneType), most))


def _decode_mapping(make: Callable[[dict[Any, Any]], Any]) -> Callable[..., Any]:
    def decode(decoder: Decoder, keys: Tree, values: Tree) -> Any:
        pairs = dict(zip(decoder.run(keys), decoder.run(values), strict=True))
        return make(pairs)

    return decode


def _decode_path(decoder: Decoder, text: Tree) -> Path:
    if "\0" in wanted(str, text) or len(text) > SHORT:
        raise Undecodable("not a path")
    return Path(text)


def _mapping(name: str) -> Callable[[Encoder, Any], Tree]:
    return lambda encoder, value: [name, encoder.run(list(value.keys())), encoder.run(list(value.values()))]


def _sequence(name: str) -> Callable[[Encoder, Any], Tree]:
    return lambda encoder, value: [name, encoder.run(value)]


def _complex(decoder: Decoder, real: Tree, imaginary: Tree) -> complex:
    return complex(wanted(float, real), wanted(float, imaginary))


ENCODERS |= {
    list: _sequence("list"),
    tuple: _sequence("tuple"),
    set: lambda e, v: ["set", _sorted_run(e, list(v))],
    frozenset: lambda e, v: ["frozenset", _sorted_run(e, list(v))],
    deque: lambda e, v: ["deque", e.run(list(v)), v.maxlen],
    dict: _mapping("dict"),
    OrderedDict: _mapping("OrderedDict"),
    Counter: _mapping("Counter"),
    defaultdict: _mapping("defaultdict"),
    bytes: lambda e, v: ["bytes", e.blob(v)],
    bytearray: lambda e, v: ["bytearray", e.blob(bytes(v))],
    complex: lambda e, v: ["complex", v.real, v.imag],
    date: lambda e, v: ["date", v.isoformat()],
    time: lambda e, v: ["time", v.replace(tzinfo=None).isoformat(), v.fold, _zone(e, v)],
    datetime: lambda e, v: ["datetime", v.replace(tzinfo=None).isoformat(), v.fold, _zone(e, v)],
    timedelta: lambda e, v: ["timedelta", *_seconds(v)],
    Decimal: lambda e, v: ["Decimal", str(v)],
    Fraction: lambda e, v: ["Fraction", e.tree(v.numerator), e.tree(v.denominator)],
    range: lambda e, v: ["range", e.tree(v.start), e.tree(v.stop), e.tree(v.step)],
    slice: lambda e, v: ["slice", e.tree(v.start), e.tree(v.stop), e.tree(v.step)],
    PosixPath: lambda e, v: ["Path", str(v)],
    PurePosixPath: lambda e, v: ["PurePath", str(v)],
    random.Random: lambda e, v: ["Random", e.run(_rng_state(v)[1]), _rng_state(v)[2]],
    type(NotImplemented): lambda e, v: ["NotImplemented"],
    type(...): lambda e, v: ["Ellipsis"],
}

DECODERS |= {
    "int": _decode_int,
    "str": lambda d, blob: bytes(d.blob(blob)).decode("utf-8", "surrogatepass"),
    "list": lambda d, run: d.run(run),
    "tuple": lambda d, run: tuple(d.run(run)),
    "set": lambda d, run: set(d.run(run)),
    "frozenset": lambda d, run: frozenset(d.run(run)),
    "deque": _decode_deque,
    "dict": _decode_mapping(dict),
    "OrderedDict": _decode_mapping(OrderedDict),
    "Counter": _decode_mapping(Counter),
    "defaultdict": _decode_mapping(lambda pairs: defaultdict(None, pairs)),
    "bytes": lambda d, blob: bytes(d.blob(blob)),
    "bytearray": lambda d, blob: bytearray(d.blob(blob)),
    "complex": _complex,
    "date": lambda d, text: date.fromisoformat(wanted(str, text)),
    "time": _decode_time(time),
    "datetime": _decode_time(datetime),
    "timedelta": lambda d, *parts: timedelta(*(wanted(int, part) for part in parts)),
    "Decimal": _decode_decimal,
    "Fraction": _decode_fraction,
    "range": _decode_range,
    "slice": lambda d, *bounds: slice(*(d.value(bound) for bound in bounds)),
    "Path": _decode_path,
    "PurePath": lambda d, text: PurePosixPath(_decode_path(d, text)),
    "Random": _decode_rng,
    "NotImplemented": lambda d: NotImplemented,
    "Ellipsis": lambda d: ...,
}
