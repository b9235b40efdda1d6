"""Has this row been here before?

Two tools and what each is worth. A fingerprint is a hash of a row's values, typed and in a fixed order, so that two
spellings of one row agree and two rows do not. A Bloom filter remembers a million fingerprints in a megabyte, and now
and then claims to know one that it has never seen: with k bits of m for each of n fingerprints the chance is

    p = (1 - exp(-k n / m)) ** k

So its "no" is certain and its "yes" is a question to be asked again of something exact. Source: B. H. Bloom,
"Space/Time Trade-offs in Hash Coding with Allowable Errors" (1970).

Pure.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np


def fingerprint(row: Mapping[str, Any]) -> int:
    """64 bits of a row's values: the same for every order of its columns and every spelling of its values.

    1 and 1.0 and Decimal("1.00") are one number, a time is the moment it means, and null is not the text "null".
    Raises TypeError for a value of another kind.

    >>> fingerprint({"a": 1, "b": 2.0}) == fingerprint({"b": Decimal("2.00"), "a": 1})
    True
    >>> fingerprint({"a": "1", "b": 2}) == fingerprint({"a": 1, "b": 2})
    False
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(row):
        for part in (name.encode(), _bytes(row[name])):
            digest.update(struct.pack(">I", len(part)) + part)  # lengths, so that ("ab", "c") is not ("a", "bc")
    return int.from_bytes(digest.digest(), "big")


def _bytes(value: Any) -> bytes:
    match value:
        case None:
            return b"n"
        case bool():
            return b"b%d" % value
        case int() | float() | Decimal():
            return b"d" + _number(value).encode()
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return b"t" + moment.isoformat(timespec="microseconds").encode()
        case date():
            return b"t" + datetime(value.year, value.month, value.day).isoformat(timespec="microseconds").encode()
        case str():
            return b"s" + value.encode()
        case bytes():
            return b"x" + value
    raise TypeError(f"a fingerprint has no rule for {type(value).__name__}: turn it into a plain value first")


def _number(value: int | float | Decimal) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return format(exact.normalize(), "f") if exact else "0"


class Bloom:
    """A set of 64-bit fingerprints in `bits` bits, `hashes` for each, that answers "never seen" or "perhaps"."""

    def __init__(self, bits: int, hashes: int):
        if bits < 8 or hashes < 1:
            raise ValueError(f"a filter of {bits} bits and {hashes} hashes: give at least 8 and 1")
        self.bits, self.hashes = bits, hashes
        self._array = np.zeros(-(-bits // 8), np.uint8)

    def add(self, prints: np.ndarray) -> None:
        """Remember fingerprints (n,) uint64."""
        for place in self._places(prints):
            np.bitwise_or.at(self._array, place >> 3, (1 << (place & 7)).astype(np.uint8))

    def has(self, prints: np.ndarray) -> np.ndarray:
        """For each of the fingerprints (n,) whether it may have been added; False is certain."""
        found = np.ones(len(prints), bool)
        for place in self._places(prints):
            found &= (self._array[place >> 3] >> (place & 7).astype(np.uint8)) & 1 == 1
        return found

    def _places(self, prints: np.ndarray) -> list[np.ndarray]:
        """Two hashes make all of them. Source: Kirsch and Mitzenmacher, "Less Hashing, Same Performance" (2006)."""
        one = _mixed(np.asarray(prints, np.uint64), 0x9E3779B97F4A7C15)
        two = _mixed(np.asarray(prints, np.uint64), 0xC2B2AE3D27D4EB4F) | np.uint64(1)
        return [((one + np.uint64(i) * two) % np.uint64(self.bits)).astype(np.int64) for i in range(self.hashes)]


def false_positives(n: int, bits: int, hashes: int) -> float:
    """The chance that a filter of `n` fingerprints claims to know a new one.

    >>> round(false_positives(1000, 9585, 7), 4)
    0.01
    """
    return (1 - math.exp(-hashes * n / bits)) ** hashes


def bits_for(n: int, chance: float) -> tuple[int, int]:
    """The smallest filter (bits, hashes) that keeps that chance with `n` fingerprints.

    >>> bits_for(1000, 0.01)
    (9586, 7)
    """
    bits = math.ceil(-n * math.log(chance) / math.log(2) ** 2)
    return bits, max(1, round(bits / n * math.log(2)))


def _mixed(x: np.ndarray, salt: int) -> np.ndarray:
    """Source: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014)."""
    x = x ^ np.uint64(salt)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
