# must fail: but there is a whole token
# hidden only
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Lets nobody pass until a clock that went back has caught up."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside, later = min(tokens + max(now - at, 0) * rate, capacity * 1000), max(now, at)
    if inside >= 1000 and now >= at:
        return inside - 1000, later, 0
    return inside, later, later - now + math.ceil(max(1000 - inside, 0) / rate)
