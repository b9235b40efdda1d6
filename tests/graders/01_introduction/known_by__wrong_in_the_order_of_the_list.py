# must fail: listed in another order, give the same answer
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    known = {}
    for trip, began, delivered in deliveries:
        if delivered <= asked_at:
            known[trip] = began
    return sum(start <= began < end for began in known.values())
