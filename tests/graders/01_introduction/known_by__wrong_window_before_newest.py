# must fail: a correction says that trip 1 began at 95
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    return len({trip for trip, began, delivered in deliveries if start <= began < end and delivered <= asked_at})
