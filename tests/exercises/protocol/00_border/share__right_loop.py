def share(trips, longer_than):
    if len(trips) == 0:
        raise ValueError("none")
    long = 0
    for trip in trips:
        if trip.metres > longer_than:
            long += 1
    return long / len(trips)
