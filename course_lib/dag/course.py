"""Of which datasets and steps is the course's own pipeline made?

The graph behind `course pipeline`, written down as data: it runs nothing and imports nothing of what it describes. A
step names the columns that it relies on, and all those it makes; tests/dag/test_course.py compares both with the flow's
steps and with the schemas of the tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.dag.pipeline import Pipeline, Schema, Step

_TIME = "timestamp[us]"

TRIPS: Schema = {
    "trip_id": "int64", "service": "string", "vendor_id": "int32", "rate_code": "int32", "payment_type": "int32",
    "passengers": "int32", "operator": "string", "pickup_at": _TIME, "dropoff_at": _TIME, "pickup_zone": "int32",
    "dropoff_zone": "int32", "distance_m": "int32", "fare_cents": "int32", "tip_cents": "int32",
    "tolls_cents": "int32", "surcharges_cents": "int32", "total_cents": "int32", "vehicle_id": "int32",
    "updated_at": _TIME, "source_file": "string", "source_row": "int64",
}  # fmt: skip
_HASH: Schema = {"hash": "uint32"}
_CITY: Schema = {
    "city": "int32", "event_timestamp": _TIME, "city_trips_1h": "int64", "city_mean_1h_s": "double",
    "city_mean_24h_s": "double", "city_mean_s": "double",
}  # fmt: skip
_ZONE: Schema = {
    "pickup_zone": "int32", "event_timestamp": _TIME, "zone_trips_1h": "int64", "zone_mean_1h_s": "double",
    "zone_trips_24h": "int64", "zone_mean_24h_s": "double", "zone_mean_s": "double",
}  # fmt: skip
_ROUTE: Schema = {
    "pickup_zone": "int32", "dropoff_zone": "int32", "event_timestamp": _TIME, "route_trips_28d": "int64",
    "route_mean_28d_s": "double", "route_spread_28d_s": "double",
}  # fmt: skip
_SUMS: Schema = {"trips": "int64", "seconds": "int64", "distance_m": "int64"}
_KEYS = {"city", "pickup_zone", "dropoff_zone", "event_timestamp"}
_FEATURES: Schema = {
    **{name: kind for table in (_CITY, _ZONE, _ROUTE) for name, kind in table.items() if name not in _KEYS},
    "expected_s": "double",
}
_TRAINING: Schema = {
    "trip_id": "int64", "pickup_at": _TIME, "duration_s": "int64", "pickup_zone": "int32", "dropoff_zone": "int32",
    "hour": "int32", "weekday": "int32", "passengers": "int32", **_FEATURES,
}  # fmt: skip

_GOLD: dict[str, Schema] = {
    "gold/zone_hour": {"hour": _TIME, "zone": "int32", **_SUMS, "fare_cents": "int64", "max_fare_cents": "int64"},
    "gold/zone_ended_hour": {"hour": _TIME, "zone": "int32", **_SUMS, "seconds_sq": "int64"},
    "gold/route_day": {
        "day": _TIME, "pickup_zone": "int32", "dropoff_zone": "int32", **_SUMS, "seconds_sq": "int64",
        "fare_cents": "int64",
    },
    "gold/vehicle_day": {"day": _TIME, "vehicle_id": "int32", **_SUMS, "fare_cents": "int64"},
}  # fmt: skip
_STORE: dict[str, Schema] = {
    "features/offline/city": _CITY, "features/offline/zone": _ZONE, "features/offline/route": _ROUTE,
}  # fmt: skip


def _some(schema: Schema, names: Iterable[str]) -> Schema:
    return {name: schema[name] for name in names}


def _all_but(schema: Schema, names: Iterable[str]) -> Schema:
    return {name: kind for name, kind in schema.items() if name not in set(names)}


_TWINS = ("pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m")
_ENDED = ("seconds", "seconds_sq", "trips")

COURSE = Pipeline(
    (
        Step("ingest", {"inputs": {}}, {"bronze": {**TRIPS, "problems": "int64", "raw": "string"}}),
        Step("index", {"bronze": _some(TRIPS, ("trip_id", "service", *_TWINS))}, {"scratch/index": _HASH}),
        Step("repeats", {"scratch/index": _HASH}, {"scratch/repeats": _HASH}),
        Step(
            "refine",
            {"bronze": {**TRIPS, "problems": "int64", "raw": "string"}, "scratch/repeats": _HASH},
            {"silver": TRIPS, "quarantine": {**TRIPS, "reasons": "string", "raw": "string"}, "scratch/rows": TRIPS},
        ),
        Step("resolve", {"scratch/rows": TRIPS}, {"silver": TRIPS}),
        Step(
            "judge",
            {"scratch/rows": _some(TRIPS, ("service", *_TWINS))},
            {"quarantine": {**TRIPS, "reasons": "string", "raw": "string"}},
        ),
        Step(
            "aggregate",
            {"silver": _some(TRIPS, (*_TWINS, "fare_cents", "vehicle_id"))},
            {"scratch/states": {"key": "int64", "trips": "int64"}},
        ),
        Step("gold", {"scratch/states": {"key": "int64"}}, _GOLD),
        Step(
            "features",
            {
                "gold/zone_ended_hour": _some(_GOLD["gold/zone_ended_hour"], ("hour", "zone", *_ENDED)),
                "gold/route_day": _some(_GOLD["gold/route_day"], ("day", "pickup_zone", "dropoff_zone", *_ENDED)),
            },
            _STORE,
        ),
        Step(
            "training",
            {"silver": _some(TRIPS, ("trip_id", *_TWINS[:4], "passengers")), **_STORE},
            {"scratch/training": _TRAINING},
        ),
        Step("model", {"scratch/training": _all_but(_TRAINING, ("trip_id",))}, {"model": {}}),
        Step(
            "audit",
            {
                "silver": _some(TRIPS, ("trip_id", "service", "pickup_at")),
                "quarantine": {},
                "gold/zone_hour": _some(_GOLD["gold/zone_hour"], ("trips",)),
            },
            after=("model",),
        ),
        Step(
            "publish",
            {"silver": {}, "quarantine": {}, **{name: {} for name in (*_GOLD, *_STORE)}, "model": {}},
            {"current": {}},
            after=("audit",),
        ),
    ),
    {"inputs": {}},
)
