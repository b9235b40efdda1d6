# must fail: after 334 ms the request passes
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Rounds the wait to the nearest millisecond instead of up."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside, later = min(tokens + max(now - at, 0) * rate, capacity * 1000), max(now, at)
    if inside >= 1000:
        return inside - 1000, later, 0
    return inside, later, later - now + round((1000 - inside) / rate)
