def contract(trips: pd.DataFrame) -> dict[str, np.ndarray]:
    try:
        number = {name: trips[name].astype("Float64").to_numpy(float, na_value=np.nan) for name in (
            "pickup_zone", "dropoff_zone", "distance_m", "fare_cents", "tip_cents", "tolls_cents", "surcharges_cents",
            "total_cents")}
        start, end = trips["pickup_at"].to_numpy("datetime64[us]"), trips["dropoff_at"].to_numpy("datetime64[us]")
    except KeyError as missing:
        raise ValueError(f"no column {missing}") from missing
    seconds = (end - start) / np.timedelta64(1, "s")
    parts = number["fare_cents"] + number["tip_cents"] + number["tolls_cents"] + number["surcharges_cents"]
    off = number["total_cents"] - parts
    odd = {name: (number[name] < 1) | (number[name] > 263) for name in ("pickup_zone", "dropoff_zone")}
    return {
        "no pickup": np.isnat(start), "no time passes": seconds <= 0, "over 23 h": seconds > 82_800,
        "negative": number["fare_cents"] < 0, "no way": number["distance_m"] < 1, "far": number["distance_m"] > 160_934,
        "from nowhere": odd["pickup_zone"], "to nowhere": odd["dropoff_zone"], "sum": (off != 0) & ~np.isnan(off),
    }
