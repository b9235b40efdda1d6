"""How does the number of a trip become random bits?

By a hash of the number, not by a generator with a state: the bits of trip 7,000,000 cost the same as those of trip 7,
in any order, on any thread, so that no chunking and no number of workers can change a byte.

Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), figure 14 (SplitMix64): a
counter in steps of an odd constant, then Stafford's mixer 13. The counter starts at a hash of (seed, stream), so
streams are far apart in a cycle of 2**64.

Only integer operations: no version of NumPy and no vector unit rounds them differently.
"""

from __future__ import annotations

import numpy as np

STEP = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio, odd
_M1, _M2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_ALL = (1 << 64) - 1

Words = np.ndarray  # of uint64


def mix(z: int) -> int:
    """The 64 bits that `z` stands for: a bijection in which each bit depends on all.

    >>> hex(mix(STEP))  # the first output of SplitMix64 with seed 0
    '0xe220a8397b1dcdaf'
    """
    z = (z ^ z >> 30) * _M1 & _ALL
    z = (z ^ z >> 27) * _M2 & _ALL
    return z ^ z >> 31


def key(*parts: int) -> int:
    """The start of the stream that `parts` name, such as (seed, month, purpose)."""
    z = 0
    for part in parts:
        z = mix((z ^ part & _ALL) + STEP & _ALL)
    return z


def words(start: int, numbers: Words, out: Words | None = None, scratch: Words | None = None) -> Words:
    """One word of 64 random bits for each number, from the stream that starts at `start`.

    >>> words(0, np.arange(1, 3, dtype=np.uint64))[0] == mix(STEP)
    np.True_
    """
    out = np.empty_like(numbers) if out is None else out
    scratch = np.empty_like(numbers) if scratch is None else scratch
    np.multiply(numbers, np.uint64(STEP), out=out)
    out += np.uint64(start)
    for shift, factor in ((30, _M1), (27, _M2), (31, 1)):
        np.right_shift(out, np.uint64(shift), out=scratch)
        out ^= scratch
        if factor != 1:
            out *= np.uint64(factor)
    return out


def bits(word: Words, first: int, count: int, out: Words | None = None) -> np.ndarray:
    """`count` bits of each word from bit `first`, as int64 that can index a table of 2**count entries."""
    out = np.right_shift(word, np.uint64(first), out=out)
    out &= np.uint64((1 << count) - 1)
    return out.view(np.int64)


def uniform(start: int, count: int) -> np.ndarray:
    """The first `count` numbers of a stream in [0, 1), as float64 with 53 bits."""
    return (words(start, np.arange(count, dtype=np.uint64)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
