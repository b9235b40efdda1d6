# must fail: the deliveries belong to the caller
# hidden only
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    deliveries.sort(key=lambda row: row[2])
    known = {trip: began for trip, began, delivered in deliveries if delivered <= asked_at}
    return sum(start <= began < end for began in known.values())
