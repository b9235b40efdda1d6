# must fail: four arrivals in two hours
def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """Searches times that nobody has sorted."""
    if end <= start or not 0 < confidence < 1:
        raise ValueError("nonsense")
    first, last = np.searchsorted(times, [start, end])
    n, hours = int(last - first), (end - start) / 3600
    low = chi2_quantile((1 - confidence) / 2, 2 * n) / 2 / hours if n else 0.0
    return n / hours, float(low), float(chi2_quantile((1 + confidence) / 2, 2 * n + 2) / 2 / hours)
