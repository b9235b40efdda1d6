def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """The wait is rounded up by whole-number division."""
    if rate <= 0 or capacity <= 0:
        raise ValueError("rate and capacity must be positive")
    if now > at:
        tokens, at = min(capacity * 1000, tokens + rate * (now - at)), now
    if tokens < 1000:
        return tokens, at, at - now - (-(1000 - tokens) // rate)
    return tokens - 1000, at, 0
