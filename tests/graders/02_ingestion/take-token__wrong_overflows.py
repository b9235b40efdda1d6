# must fail: after a minute the bucket is full with 3 tokens
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """The bucket has no end: after a quiet minute everything passes."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside, later = tokens + max(now - at, 0) * rate, max(now, at)
    if inside >= 1000:
        return inside - 1000, later, 0
    return inside, later, math.ceil((1000 - inside) / rate)
