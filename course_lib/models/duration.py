"""How long will this trip take, from what is known when it begins?

Boosted trees on histograms, fitted to the absolute error, because that is what they are judged by: durations have a
long tail (a meter left running for a day), and a squared error would chase it. Chosen on the last fifth of the training
part of a month of green trips, by the mean absolute error there: squared error 451 s, squared error of the logarithm
336 s, absolute error 327 s, the same with zones as categories 309 s, with a third fewer and bolder trees 311 s (kept:
it takes a third less time); without what was known at pickup 449 s.

Never an input: distance, fare, tip, and when or where the trip was seen to end other than the zone asked for. A test
holds FEATURES to it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

Floats = npt.NDArray[np.float64]

ZONES = ("pickup_zone", "dropoff_zone")
KNOWN = (
    "hour", "weekday", "passengers", "expected_s",
    "city_trips_1h", "city_mean_1h_s", "city_mean_24h_s", "city_mean_s",
    "zone_trips_1h", "zone_mean_1h_s", "zone_trips_24h", "zone_mean_24h_s", "zone_mean_s",
    "route_trips_28d", "route_mean_28d_s", "route_spread_28d_s",
)  # fmt: skip
FEATURES = (*ZONES, *KNOWN)

CATEGORIES = 250  # zones told apart, the busiest first; the trees know at most 255 categories
PARAMETERS = {"loss": "absolute_error", "max_iter": 100, "learning_rate": 0.15, "early_stopping": False}
SHORTEST = 1.0  # s; no trip takes less


class DurationModel(NamedTuple):
    """Fitted trees, and the zones they tell apart."""

    zones: tuple[npt.NDArray[np.int64], ...]  # per column of ZONES the zone of category 0, 1, …
    trees: HistGradientBoostingRegressor


def fit(trips: pa.Table, seconds: npt.NDArray[np.int64], seed: int) -> DurationModel:
    """The model of `trips` (n rows: FEATURES) that took `seconds`; the same on any machine, whatever its cores."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    zones = tuple(_busiest(trips[name]) for name in ZONES)
    matrix = _matrix(trips, zones)
    # A column without a single value is one the trees refuse; a constant column tells them nothing.
    matrix[:, np.isnan(matrix).all(axis=0)] = 0.0
    categorical = [name in ZONES for name in FEATURES]
    trees = HistGradientBoostingRegressor(**PARAMETERS, categorical_features=categorical, random_state=seed)
    with _one_thread():
        trees.fit(matrix, seconds)
    return DurationModel(zones, trees)


def predict(model: DurationModel, trips: pa.Table) -> Floats:
    """The seconds each of `trips` (n rows: FEATURES) will take."""
    if not trips.num_rows:
        return np.zeros(0)
    with _one_thread():
        return np.maximum(model.trees.predict(_matrix(trips, model.zones)), SHORTEST)


def _one_thread() -> AbstractContextManager:
    """One thread, for two reasons.

    Two that wait for each other on a busy machine are slower than one (22 s against 2.4 s, measured). And sums of
    floats depend on how many share the work; those of this loss happen to be exact (every gradient is 1 or -1), those
    of the next one are not.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _busiest(zones: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The zones with the most trips, at most CATEGORIES; of equally busy ones the smaller number first."""
    names, trips = np.unique(zones.drop_null().to_numpy().astype(np.int64), return_counts=True)
    return names[np.lexsort((names, -trips))][:CATEGORIES]


def _matrix(trips: pa.Table, zones: tuple[npt.NDArray[np.int64], ...]) -> Floats:
    """A column per feature; zones as category numbers; NaN for null and for zones without a category."""
    columns = [_categories(trips[name], known) for name, known in zip(ZONES, zones, strict=True)]
    columns += [trips[name].cast(pa.float64()).to_numpy() for name in KNOWN]
    return np.column_stack(columns)


def _categories(column: pa.ChunkedArray, known: npt.NDArray[np.int64]) -> Floats:
    if not len(known):
        return np.full(len(column), np.nan)
    zone = column.fill_null(-1).to_numpy().astype(np.int64)
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], zone), len(known) - 1)
    return np.where(known[order][place] == zone, order[place].astype(np.float64), np.nan)
