# must fail: were changed
# hidden only
def share(trips, longer_than):
    if not trips:
        raise ValueError("none")
    n, long = len(trips), 0
    while trips:
        long += trips.pop().metres > longer_than
    return long / n
