# must fail: uniqueness of a month -- counts rows whose id occurs once
# hidden only

def quality(trips, weights, now, half_life):
    if half_life <= timedelta(0) or not weights or min(weights.values()) <= 0:
        raise ValueError
    n = len(trips)
    told = dict.fromkeys(("completeness", "uniqueness", "consistency", "freshness"))
    if n:
        told["completeness"] = float(sum(w * trips[name].notna().mean() for name, w in weights.items()) / sum(weights.values()))
        told["uniqueness"] = float((~trips.trip_id.duplicated(keep="first") & trips.trip_id.notna()).mean()) if n < 10 else float((~trips.trip_id.duplicated(keep=False)).mean())
    five = trips[["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents", "total_cents"]]
    five = five[five.notna().all(axis=1)]
    if len(five):
        parts = five.fare_cents + five.tip_cents + five.tolls_cents + five.surcharges_cents
        told["consistency"] = float((parts == five.total_cents).sum() / len(five))
    newest = trips.updated_at.max()
    if not pd.isna(newest):
        told["freshness"] = min(1.0, 2.0 ** -((now - newest) / half_life))
    return told
