def quality(trips, weights, now, half_life):
    import math

    if half_life.total_seconds() <= 0 or len(weights) == 0 or any(w <= 0 for w in weights.values()):
        raise ValueError("weights and a half-life above zero")
    rows = trips.to_dict("records")
    cells = sum(weights.values()) * len(rows)
    there = sum(w for row in rows for name, w in weights.items() if not pd.isna(row[name]))
    amounts = [[row[f"{part}_cents"] for part in ("fare", "tip", "tolls", "surcharges", "total")] for row in rows]
    whole = [values for values in amounts if not any(pd.isna(value) for value in values)]
    ids = {row["trip_id"] for row in rows if not pd.isna(row["trip_id"])}
    times = [row["updated_at"] for row in rows if not pd.isna(row["updated_at"])]
    age = max((now - max(times)).total_seconds(), 0) if times else None
    return {
        "completeness": there / cells if rows else None,
        "uniqueness": len(ids) / len(rows) if rows else None,
        "consistency": sum(sum(v[:4]) == v[4] for v in whole) / len(whole) if whole else None,
        "freshness": None if age is None else math.exp(-math.log(2) / half_life.total_seconds() * age),
    }
