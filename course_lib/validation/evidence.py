"""What does each rule of the contract look at, as columns of a pandas frame?

Pandera and Great Expectations judge one column at a time. A rule over one published column needs nothing; a rule over
several columns, over a null that may be excused, or over other rows needs a column of its own: the evidence. It is
computed here once for both, in pandas and from the words of the contract, and shares no code with checks.py and
twins.py, so that an error in either shows as a disagreement.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from course_lib.trips.contract import AllNull, AnyNull, RequiredNull, Rule
from course_lib.trips.schema import BRONZE, NAMES, PROBLEM, UNPARSEABLE

if TYPE_CHECKING:
    import pandas as pd

ALWAYS = frozenset({"trip_id", "service", "source_file", "source_row"})  # made by ingestion, whatever is published
ALIKE = ("service", "pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")

UNREADABLE_LINE = "unreadable_line"  # 1 where the whole line could not be read
UNREADABLE_VALUES = "unreadable_values"  # values that could not be read
LASTS_S = "lasts_s"  # seconds from pickup to dropoff
TWINS = "twins"  # 1 where another trip has the same service, times, zones and distance
REFUNDS = "refunds"  # 1 for a negative fare with a positive twin
REFUNDED = "refunded"  # 1 for a positive fare with a negative twin
UNEXPLAINED_FARE = "unexplained_fare_cents"  # the fare, null where it is a refund


def empty(rule: Rule) -> str:
    """The name of the column that counts the fields of a rule about nulls that were published empty."""
    return f"empty_{rule.name}"


def ends(month: tuple[int, int]) -> tuple[datetime, datetime]:
    """The first moment of a month, and of the next one."""
    year, number = month
    return datetime(year, number, 1), datetime(year + number // 12, number % 12 + 1, 1)


def evidence(bronze: pa.Table, published: frozenset[str], rules: tuple[Rule, ...]) -> pd.DataFrame:
    """The columns of schema.BRONZE (n rows, nullable pandas types) and the columns named above.

    A field that is not published is not there. The index numbers the rows from 0.
    """
    frame = bronze.select(BRONZE.names).cast(BRONZE).to_pandas(types_mapper=_nullable, date_as_object=False)
    problems = frame["problems"].to_numpy(np.int64)
    line = problems >> UNPARSEABLE & 1
    odd = {name: problems >> bit & 1 for name, bit in PROBLEM.items()}
    frame[UNREADABLE_LINE] = line
    frame[UNREADABLE_VALUES] = sum(odd.values())
    for rule in rules:
        if isinstance(rule.check, RequiredNull | AnyNull | AllNull):
            asked = [name for name in rule.check.fields if name in published or isinstance(rule.check, RequiredNull)]
            gone = [frame[name].isna().to_numpy() & (line == 0) & (odd[name] == 0) for name in asked]
            frame[empty(rule)] = np.sum(gone, axis=0, dtype=np.int64) if gone else 0
    frame[LASTS_S] = (frame["dropoff_at"] - frame["pickup_at"]).dt.total_seconds().astype("Int64")
    _twins(frame, published.issuperset(ALIKE))
    return frame.drop(columns=[name for name in NAMES if name not in published | ALWAYS])


def _twins(frame: pd.DataFrame, known: bool) -> None:
    """Add what the other trips of each row's group say of it; null equals null, versions of one trip are not others."""
    import pandas as pd

    for name in (TWINS, REFUNDS, REFUNDED):
        frame[name] = 0
    frame[UNEXPLAINED_FARE] = frame["fare_cents"]
    if not known:
        return
    rows = frame[frame["pickup_at"].notna()]
    group = rows.groupby(list(ALIKE), dropna=False, sort=False).ngroup()
    ids, _ = pd.factorize(rows["trip_id"])
    # A row without an id is a trip of its own.
    who = pd.Series(np.where(ids < 0, len(frame) + np.arange(len(rows)), ids), rows.index)
    fare = rows["fare_cents"].fillna(0).astype("int64")

    def others(mask: pd.Series) -> pd.Series:
        """Whether the group has a row of `mask` that is another trip."""
        trips = who[mask].groupby(group[mask])
        first, last = group.map(trips.min()), group.map(trips.max())
        return first.notna() & ((first != who) | (last != who))

    refund = (fare < 0) & others(fare > 0)
    frame.loc[rows.index, TWINS] = others(fare == fare).astype("int64")
    frame.loc[rows.index, REFUNDS] = refund.astype("int64")
    frame.loc[rows.index, REFUNDED] = ((fare > 0) & others(fare < 0)).astype("int64")
    frame.loc[refund.index[refund], UNEXPLAINED_FARE] = pd.NA


def _nullable(kind: pa.DataType) -> object:
    """The pandas type that keeps whole numbers whole beside nulls; None leaves it to Arrow."""
    import pandas as pd

    if pa.types.is_int32(kind):
        return pd.Int32Dtype()
    if pa.types.is_int64(kind):
        return pd.Int64Dtype()
    return pd.StringDtype() if pa.types.is_string(kind) else None
