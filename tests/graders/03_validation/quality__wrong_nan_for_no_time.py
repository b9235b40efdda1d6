# must fail: no row has an updated_at: freshness is None

def quality(trips, weights, now, half_life):
    if half_life <= timedelta(0) or not weights or min(weights.values()) <= 0:
        raise ValueError
    n = len(trips)
    told = dict.fromkeys(("completeness", "uniqueness", "consistency", "freshness"))
    if n:
        told["completeness"] = float(sum(w * trips[name].notna().mean() for name, w in weights.items()) / sum(weights.values()))
        told["uniqueness"] = len(set(trips.trip_id.dropna().tolist())) / n
    five = trips[["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents", "total_cents"]]
    five = five[five.notna().all(axis=1)]
    if len(five):
        parts = five.fare_cents + five.tip_cents + five.tolls_cents + five.surcharges_cents
        told["consistency"] = float((parts == five.total_cents).sum() / len(five))
    newest = trips.updated_at.max()
    if n:
        told["freshness"] = float(np.minimum(1.0, 2.0 ** -((now - newest) / half_life)))
    return told
