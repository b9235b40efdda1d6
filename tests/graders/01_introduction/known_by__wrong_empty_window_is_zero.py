# must fail: expected a ValueError
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    known = {trip: began for trip, began, at in sorted(deliveries, key=lambda row: row[2]) if at <= asked_at}
    return sum(start <= began < end for began in known.values())
