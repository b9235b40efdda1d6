def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    known = {}
    for trip, began, delivered in sorted(deliveries, key=lambda row: row[2]):
        if delivered <= asked_at:
            known[trip] = began
    return len([began for began in known.values() if began in range(start, end)])
