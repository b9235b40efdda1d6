# must fail: a request that waits takes nothing, and what flowed in stays
# hidden only
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Lets tokens flow in at full seconds only."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    inside, later = min(tokens + max(now - at, 0) // 1000 * rate * 1000, capacity * 1000), max(now, at)
    if inside >= 1000:
        return inside - 1000, later, 0
    return inside, later, later - now + math.ceil((1000 - inside) / rate)
