# must fail: it passes, and not before
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Counts the wait from the time of the bucket, not from now: a client whose clock went back comes too early."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside, later = min(tokens + max(now - at, 0) * rate, capacity * 1000), max(now, at)
    if inside >= 1000:
        return inside - 1000, later, 0
    return inside, later, math.ceil((1000 - inside) / rate)
