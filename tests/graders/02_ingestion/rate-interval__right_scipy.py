def rate_interval(times: np.ndarray, start: float, end: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """SciPy's gamma quantiles, without the helper."""
    if end <= start or confidence <= 0 or confidence >= 1:
        raise ValueError("no interval, or no confidence")
    inside = np.asarray(times)[(np.asarray(times) >= start) & (np.asarray(times) < end)]
    n, hours, tail = len(inside), (end - start) / 3600.0, (1 - confidence) / 2
    high = float(gammaincinv(n + 1, 1 - tail)) / hours
    if n == 0:
        return 0.0, 0.0, high
    return n / hours, float(gammaincinv(n, tail)) / hours, high
