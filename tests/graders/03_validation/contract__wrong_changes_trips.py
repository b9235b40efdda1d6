# must fail: the trips were changed
# hidden only
def contract(trips: pd.DataFrame) -> dict[str, np.ndarray]:
    parts = ["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents"]
    if not {*parts, "total_cents", "pickup_at", "dropoff_at", "distance_m", "pickup_zone"} <= set(trips.columns):
        raise ValueError
    trips["lasts"] = trips.dropoff_at - trips.pickup_at
    zones = trips[["pickup_zone", "dropoff_zone"]].fillna(1)
    masks = [trips.pickup_at.isna(), trips.lasts <= pd.Timedelta(0), trips.lasts > pd.Timedelta(hours=23),
             trips.fare_cents < 0, trips.distance_m < 1, trips.distance_m > 160_934,
             (zones < 1).any(axis=1) | (zones > 263).any(axis=1),
             trips.total_cents != trips[parts[0]] + trips[parts[1]] + trips[parts[2]] + trips[parts[3]]]
    return {str(i): mask.fillna(False).to_numpy(bool) for i, mask in enumerate(masks)}
