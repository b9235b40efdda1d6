# must fail: of no rows nothing can be measured
def quality(trips, weights, now, half_life):
    if half_life <= timedelta(0) or not weights or min(weights.values()) <= 0:
        raise ValueError
    n = max(len(trips), 1)
    five = trips[["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents", "total_cents"]].dropna()
    newest = trips.updated_at.max()
    return {
        "completeness": float(sum(w * trips[name].notna().sum() for name, w in weights.items()) / sum(weights.values()) / n),
        "uniqueness": trips.trip_id.nunique() / n,
        "consistency": float((five.iloc[:, :4].sum(axis=1) == five.total_cents).sum() / max(len(five), 1)),
        "freshness": 0.0 if pd.isna(newest) else min(1.0, 0.5 ** ((now - newest) / half_life)),
    }
