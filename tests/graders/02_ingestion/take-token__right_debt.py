def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Looks at what would be left, and waits until that is no debt."""
    if not (rate >= 1 and capacity >= 1):
        raise ValueError(f"rate {rate}, capacity {capacity}")
    passed = now - at if now > at else 0
    left = min(1000 * capacity, tokens + passed * rate) - 1000
    if left < 0:
        return left + 1000, at + passed, at + passed - now + (-left + rate - 1) // rate
    return left, at + passed, 0
