# must fail: the mean falls by 1.0
def serving_skew(weights: np.ndarray, offline: np.ndarray, served: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    n, k = offline.shape
    if n == 0 or served.shape != (n, k) or weights.shape != (k + 1,) or actual.shape != (n,):
        raise ValueError("the shapes do not fit together")
    unit = np.where(np.ptp(offline, axis=0) > 0, offline.std(axis=0, ddof=1) if n > 1 else 1.0, 1.0)
    return {
        "rows": float(np.any(np.abs(served - offline) > 1e-9, axis=1).mean()),
        "shift": float((np.abs(served.mean(axis=0) - offline.mean(axis=0)) / unit).max()),
        "mae_offline": float(np.abs(offline @ weights[:k] + weights[k] - actual).mean()),
        "mae_served": float(np.abs(served @ weights[:k] + weights[k] - actual).mean()),
    }
