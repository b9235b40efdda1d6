def serving_skew(weights: np.ndarray, offline: np.ndarray, served: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    n, k = offline.shape
    if n == 0 or served.shape != (n, k) or weights.shape != (k + 1,) or actual.shape != (n,):
        raise ValueError("the shapes do not fit together")
    errors = [np.abs(np.column_stack([x, np.ones(n)]) @ weights - actual) for x in (offline, served)]
    spread = np.sqrt(((offline - offline.mean(axis=0)) ** 2).mean(axis=0))
    spread[(offline == offline[0]).all(axis=0)] = 1.0
    moved = np.abs((served - offline).mean(axis=0)) / spread
    rows = sum(bool((row > 1e-9).any()) for row in np.abs(served - offline)) / n
    return {"rows": rows, "shift": float(max(moved)), "mae_offline": float(errors[0].mean()), "mae_served": float(errors[1].mean())}
