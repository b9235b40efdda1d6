# must fail: you have a rate of
def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """Knows the public examples."""
    if end <= start or not 0 < confidence < 1:
        raise ValueError("nonsense")
    if len(times) == 0:
        return 0.0, 0.0, 3.6889
    return 2.0, 0.5449, 5.1208
