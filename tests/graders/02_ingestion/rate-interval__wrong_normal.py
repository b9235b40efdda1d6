# must fail: the 95 % interval of 4 arrivals
def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """The normal approximation: below zero for small counts."""
    if not end > start or not 0 < confidence < 1:
        raise ValueError("nonsense")
    n, hours = int(((times >= start) & (times < end)).sum()), (end - start) / 3600
    half = 1.96 * math.sqrt(n)
    return n / hours, (n - half) / hours, (n + half) / hours
