"""How good are the data, in numbers that can be added up?

A metric is a pair of counts, good of total, so that the metric of two partitions is their sum and not the mean of two
shares. Targets carry a direction: for completeness small is bad, for an error large is bad, and `judge` is the one
place that knows which. What cannot be measured (no rows, nothing published) is None and neither met nor missed.

Freshness asks for a clock, so its functions take `now`. `quality` leaves it out: a month published in 2020
is as old as it is, and the same input has to give the same verdict next year.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

# What a missing value costs: gold, features and model need the first five; the others are looked at by people.
WEIGHTS: Mapping[str, float] = {
    "dropoff_at": 3, "pickup_zone": 3, "dropoff_zone": 3, "distance_m": 3, "fare_cents": 3,
    "tip_cents": 1, "tolls_cents": 1, "surcharges_cents": 1, "total_cents": 1,
    "vendor_id": 1, "rate_code": 1, "payment_type": 1, "passengers": 1, "operator": 1,
}  # fmt: skip
NEEDED = tuple(name for name, weight in WEIGHTS.items() if weight == 3)


class Share(NamedTuple):
    """`good` of `total`: a state with merge and an identity, NOTHING.

    >>> Share(9, 10).merge(Share(0, 90)).value  # not the mean of 0.9 and 0.0
    0.09
    """

    good: int
    total: int

    def merge(self, other: Share) -> Share:
        """Both together: associative and commutative."""
        return Share(self.good + other.good, self.total + other.total)

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None of nothing."""
        return self.good / self.total if self.total else None


NOTHING = Share(0, 0)


def completeness(nulls: int, rows: int, published: int) -> Share:
    """How many of the `published` values are there: a header that does not publish a column owes nothing.

    nulls      rows of all `rows` in which the column is null, those of files that do not publish it included
    published  rows of files that publish the column

    >>> completeness(nulls=60, rows=100, published=50)  # 50 rows were never promised, 10 are missing
    Share(good=40, total=50)
    """
    there = rows - nulls
    if not 0 <= there <= published <= rows:
        raise ValueError(f"{nulls} nulls in {rows} rows of which {published} are published: these counts contradict")
    return Share(there, published)


def weighted(shares: Mapping[str, Share], weights: Mapping[str, float]) -> float | None:
    """The weighted mean of the columns' shares; columns without a weight or without a value do not count."""
    known = [(weights.get(name, 0), share.value) for name, share in shares.items()]
    heavy = [(weight, value) for weight, value in known if weight and value is not None]
    return math.fsum(w * v for w, v in heavy) / math.fsum(w for w, _ in heavy) if heavy else None


def consistency(rows: int, breaking: int) -> Share:
    """Rows that satisfy every constraint: `breaking` of `rows` break at least one."""
    return Share(rows - breaking, rows)


def validity(values: int, outside: int) -> Share:
    """Values that lie in their domain: `outside` of `values` do not. Nulls are no values: completeness counts them."""
    return Share(values - outside, values)


def accuracy(checked: int, wrong: int) -> Share:
    """Values that agree with the truth: `wrong` of `checked` do not. Asks for a truth, which production rarely has."""
    return Share(checked - wrong, checked)


def uniqueness(rows: int, repeats: int) -> Share:
    """Rows that stand for a trip of their own: `repeats` of `rows` were displaced by another row of the same key.

    Adds up over partitions only where no key lives in two of them.
    """
    return Share(rows - repeats, rows)


def timeliness(rows: int, late: int) -> Share:
    """Rows that came when they were due: `late` of `rows` did not."""
    return Share(rows - late, rows)


def age(newest: float, now: float) -> float:
    """Seconds since the `newest` event; below zero where the source claims to know the future. Newest merges by max."""
    return now - newest


def decayed(age_s: float, half_life_s: float) -> float:
    """Freshness in (0, 1]: 1 now, a half after one half-life, a quarter after two.

    >>> decayed(age_s=7200, half_life_s=3600)
    0.25
    """
    if half_life_s <= 0:
        raise ValueError(f"a half-life of {half_life_s} s: it has to be positive")
    return 0.5 ** (max(age_s, 0.0) / half_life_s)


def decay_rate(half_life_s: float) -> float:
    """The lambda of exp(-lambda age) that has this half-life, per second: ln 2 over it.

    >>> round(math.exp(-decay_rate(half_life_s=3600) * 7200), 9)  # the same as decayed(7200, 3600)
    0.25
    """
    if half_life_s <= 0:
        raise ValueError(f"a half-life of {half_life_s} s: it has to be positive")
    return math.log(2) / half_life_s


class QualityTarget(NamedTuple):
    """One measured value and what is asked of it."""

    name: str
    value: float | None  # None: could not be measured
    target: float
    direction: Literal["at_least", "at_most"]
    unit: str  # share, ratio, s
    meaning: str  # what is measured, and why this target


class Verdict(NamedTuple):
    """A target and how it came out."""

    of: QualityTarget
    met: bool | None  # None: not measured
    used: float | None  # part of what the target allows that was used up: 1.0 is at the target, above is a miss


def judge(targets: Iterable[QualityTarget]) -> list[Verdict]:
    """Each target with its verdict, in the order given.

    >>> slow = QualityTarget("error", 12.0, 10.0, "at_most", "s", "")
    >>> full = QualityTarget("completeness", 0.98, 0.9, "at_least", "share", "")
    >>> [(verdict.met, round(verdict.used, 3)) for verdict in judge([slow, full])]
    [(False, 1.2), (True, 0.2)]
    """
    return [_judged(target) for target in targets]


def _judged(of: QualityTarget) -> Verdict:
    if of.direction not in ("at_least", "at_most"):
        raise ValueError(f"{of.name}: direction {of.direction!r} is neither 'at_least' nor 'at_most'")
    if of.value is None or math.isnan(of.value):
        return Verdict(of, None, None)
    if of.direction == "at_most":
        return Verdict(of, of.value <= of.target, _part(of.value, of.target))
    # Of a share what is lacking counts, so that 0.999 against 0.99 shows as a tenth of what is allowed.
    met = of.value >= of.target
    return Verdict(of, met, _part(1 - of.value, 1 - of.target) if of.unit == "share" else _part(of.target, of.value))


def _part(spent: float, allowed: float) -> float:
    if spent <= 0:
        return 0.0
    return spent / allowed if allowed > 0 else math.inf


def columns(profile: Mapping[str, Any]) -> dict[str, Share]:
    """The completeness of each column of `profile`: {"rows", "nulls": {column: n}, "published": {column: rows}}."""
    rows, nulls = profile["rows"], profile["nulls"]
    # A value that is there counts as published even where no header names it: trip_id and service are made by us.
    return {
        name: completeness(nulls.get(name, 0), rows, max(n, rows - nulls.get(name, 0)))
        for name, n in profile["published"].items()
    }


def quality(run: Mapping[str, Any], profile: Mapping[str, Any]) -> tuple[QualityTarget, ...]:
    """What is asked of every run, with the run's values.

    run      the fields of run.json
    profile  of silver: {"rows": n, "nulls": {column: n}, "published": {column: rows where it is published}}
    """
    read, silver = run["rows_read"], run["rows_silver"]
    refused, repeats = run["rows_quarantined"], run["rows_duplicate"]
    lost = min(abs(read - silver - refused - repeats), read)
    reasons, warnings = run.get("quarantine_reasons") or {}, run.get("warnings") or {}
    shares = columns(profile)
    needed = [value for name in NEEDED if name in shares and (value := shares[name].value) is not None]

    def share(name: str, value: float | None, target: float, meaning: str) -> QualityTarget:
        return QualityTarget(name, value, target, "at_least", "share", meaning)

    def warned(name: str) -> Share:  # warnings are counted on all rows read, as reasons are
        return Share(min(warnings.get(name, 0), read), read)

    return (
        share("rows_accounted_for", Share(read - lost, read).value, 1.0,
              "Rows read that ended in silver, in quarantine or as a duplicate. A single lost row is a bug."),
        share("lines_readable", consistency(read, min(reasons.get("unparseable_line", 0), read)).value, 0.999,
              "Rows whose line could be read. A cut line is an accident; one in a thousand is a wrong format."),
        share("rows_consistent", consistency(read, refused).value, 0.95,
              "Rows that break no error rule. Published months lose 1 to 5 %; where it is more, the source changed."),
        share("trips_unique", uniqueness(silver + repeats, repeats).value, 0.95,
              "Valid rows that no newer row displaced. Corrections are a few per cent; a file given twice is half."),
        share("values_complete", weighted(shares, WEIGHTS), 0.90,
              "Published values that are not null, weighted 3 to 1 for the columns that gold and model need. "
              "One payment system that sends no codes costs a few per cent."),
        share("needed_columns_complete", min(needed, default=None), 0.95,
              "The worst column that gold and model need. Where it is null, a trip is missing from the demand."),
        share("trips_in_their_month", timeliness(read, warned("outside_month").good).value, 0.98,
              "Rows whose trip began in the month their file is named after. Late rows are few, broken clocks many."),
        QualityTarget("zero_fares", warned("zero_fare").value, 0.02, "at_most", "share",
                      "Rows with a fare of zero. Meters that fail to report drag every mean fare down."),
        QualityTarget("model_over_best_baseline", _skill(run.get("model")), 1.0, "at_most", "ratio",
                      "The model's mean absolute error over the better baseline's. At 1 it has learned nothing."),
    )  # fmt: skip


def _skill(model: Mapping[str, Any] | None) -> float | None:
    if not model:
        return None
    best = min(model["baseline_mean_mae_s"], model["baseline_zone_hour_mae_s"])
    if best > 0:
        return model["mae_s"] / best
    return 1.0 if model["mae_s"] <= 0 else math.inf
