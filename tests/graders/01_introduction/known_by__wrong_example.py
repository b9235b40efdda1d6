# must fail: the newest delivery of each trip by then decides
# hidden only
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    return {(200, 200): 2, (200, 300): 1, (201, 210): 3}.get((end, asked_at), 0)
