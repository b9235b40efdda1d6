def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """Sorts and searches for the borders; per second first, per hour in the end."""
    if not (start < end and 0.0 < confidence < 1.0):
        raise ValueError("nonsense")
    ordered = np.sort(times)
    n = int(np.searchsorted(ordered, end, side="left") - np.searchsorted(ordered, start, side="left"))
    per_hour = 3600 / (end - start)
    low = 0.0
    if n > 0:
        low = chi2_quantile(0.5 - confidence / 2, 2 * n) / 2
    high = chi2_quantile(0.5 + confidence / 2, 2 * (n + 1)) / 2
    return n * per_hour, low * per_hour, high * per_hour
