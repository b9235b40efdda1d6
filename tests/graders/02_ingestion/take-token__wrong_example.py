# must fail: KeyError
def take(tokens: int, at: int, now: int, rate: int, capacity: int) -> tuple[int, int, int]:
    """Knows the public examples."""
    if rate < 1 or capacity < 1:
        raise ValueError("rate and capacity must be at least 1")
    known = {(2000, 0, 0): (1000, 0, 0), (1000, 0, 0): (0, 0, 0), (0, 0, 0): (0, 0, 500)}
    known |= {(0, 0, 60_000): (2000, 60_000, 0), (0, 5000, 4000): (0, 5000, 2000)}
    known |= {(400, 0, 0): (400, 0, 200)}
    return known[tokens, at, now] if rate != 3 or tokens else (0, 0, 334)
