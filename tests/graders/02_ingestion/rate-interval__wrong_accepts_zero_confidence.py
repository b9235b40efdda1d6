# must fail: a confidence of 0 or of 1
def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """Checks the upper end of the confidence only."""
    if not end > start or confidence >= 1:
        raise ValueError("nonsense")
    n = int(((times >= start) & (times < end)).sum())
    hours = (end - start) / 3600
    low = chi2_quantile((1 - confidence) / 2, 2 * n) / 2 / hours if n else 0.0
    high = chi2_quantile((1 + confidence) / 2, 2 * n + 2) / 2 / hours
    return n / hours, float(low), float(high)
