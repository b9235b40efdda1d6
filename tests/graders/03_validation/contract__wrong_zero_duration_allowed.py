# must fail: rows of the kind

def contract(trips: pd.DataFrame) -> dict[str, np.ndarray]:
    needed = ["pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m", "fare_cents", "tip_cents",
              "tolls_cents", "surcharges_cents", "total_cents"]
    if not set(needed) <= set(trips.columns):
        raise ValueError(f"needed: {needed}")
    lasts = trips.dropoff_at - trips.pickup_at
    total = trips.fare_cents + trips.tip_cents + trips.tolls_cents + trips.surcharges_cents
    masks = {
        "pickup": trips.pickup_at.isna(),
        "order": lasts < pd.Timedelta(0),
        "long": lasts > pd.Timedelta(hours=23),
        "fare": trips.fare_cents < 0,
        "distance": trips.distance_m <= 0,
        "far": trips.distance_m > 160_934,
        "zone": ~trips.pickup_zone.fillna(1).between(1, 263) | ~trips.dropoff_zone.fillna(1).between(1, 263),
        "total": trips.total_cents != total,
    }
    return {name: np.asarray(mask.fillna(False), dtype=bool) for name, mask in masks.items()}
