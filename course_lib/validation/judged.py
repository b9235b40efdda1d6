"""Which rules does each row of one table break, those that need other rows included?

The contract on a table that fits into memory: what the batch path finds file by file and bucket by bucket, in one
call. It is what other engines of the contract are compared with.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from course_lib.trips.columns import Columns
from course_lib.trips.contract import BIT, ERRORS, RULES
from course_lib.trips.schema import FIELDS
from course_lib.validation.checks import verdicts
from course_lib.validation.twins import FIELDS as TWIN_FIELDS
from course_lib.validation.twins import twins

EVERY_FIELD = frozenset(field.name for field in FIELDS)


def judged(
    bronze: pa.Table, published: frozenset[str] = EVERY_FIELD, month: tuple[int, int] | None = None
) -> np.ndarray:
    """The broken rules of each row, as bits of int32 (n rows); BIT says which is which.

    bronze      (n rows) the columns of schema.BRONZE
    published   canonical fields that the file's header version publishes
    month       (year, month) in the file's name; None breaks no rule about it
    """
    whole = bronze.combine_chunks()
    found = verdicts(Columns(whole), published, month)
    at = np.flatnonzero(~Columns(whole).null("pickup_at"))
    if not len(at) or not published.issuperset(TWIN_FIELDS):
        return found
    alike = twins(Columns(whole.take(pa.array(at)).combine_chunks()))
    for name, rows in (("shared_trip", alike.shared), ("refunded", alike.refunded), ("refund", alike.refund)):
        found[at[rows]] |= np.int32(1 << BIT[name])
    found[at[alike.refund]] &= ~np.int32(1 << BIT["negative_fare"])  # a refund has its own name
    return found


def refused(found: np.ndarray) -> np.ndarray:
    """Which verdicts (n,) int32 hold a broken rule of severity error; (n,) bool."""
    return found & np.int32(ERRORS) != 0


def broken(found: np.ndarray, rule: str) -> np.ndarray:
    """Which verdicts (n,) int32 hold the broken `rule`; (n,) bool."""
    return found >> BIT[rule] & 1 == 1


def told(verdict: int) -> tuple[str, ...]:
    """The broken rules of one verdict, errors and warnings, in the contract's order.

    >>> told(0b10_0000_1000)
    ('dropoff_not_after_pickup', 'unknown_zone')
    """
    return tuple(rule.name for bit, rule in enumerate(RULES) if verdict >> bit & 1)


def disagreements(ours: np.ndarray, theirs: np.ndarray) -> dict[str, tuple[int, int]]:
    """For each rule that two engines judge differently on some row: (rows only ours breaks, rows only theirs)."""
    if ours.shape != theirs.shape:
        raise ValueError(f"{ours.shape} verdicts against {theirs.shape}: they have to be on the same rows")
    pairs = {
        rule.name: (
            int(np.count_nonzero(broken(ours & ~theirs, rule.name))),
            int(np.count_nonzero(broken(theirs & ~ours, rule.name))),
        )
        for rule in RULES
    }
    return {name: pair for name, pair in pairs.items() if any(pair)}
