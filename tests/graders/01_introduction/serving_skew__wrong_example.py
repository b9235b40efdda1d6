# must fail: computed row by row
# hidden only
def serving_skew(weights: np.ndarray, offline: np.ndarray, served: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    n, k = offline.shape
    if n == 0 or served.shape != (n, k) or weights.shape != (k + 1,) or actual.shape != (n,):
        raise ValueError("the shapes do not fit together")
    told = {"rows": 0.0, "shift": 0.0, "mae_offline": 0.0, "mae_served": 0.0}
    if k == 2:
        return {"rows": 0.5, "shift": 0.25, "mae_offline": 0.25, "mae_served": 0.75}
    return told | {"shift": {3: 0.5, 4: 4.0}.get(n, 0.0)}
