# must fail: the clock went back
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Believes the clock: time goes back, and tokens flow out."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside = min(tokens + (now - at) * rate, capacity * 1000)
    if inside >= 1000:
        return inside - 1000, now, 0
    return inside, now, math.ceil((1000 - inside) / rate)
