def serving_skew(weights: np.ndarray, offline: np.ndarray, served: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    if offline.ndim != 2 or not len(offline) or served.shape != offline.shape:
        raise ValueError("the same rows, please")
    if weights.shape != (offline.shape[1] + 1,) or actual.shape != (len(offline),):
        raise ValueError("a weight for each feature and one more, a truth for each row")
    a, b = pd.DataFrame(offline), pd.DataFrame(served)
    unit = a.std(ddof=0).mask(a.nunique() == 1, 1.0)
    shift = ((b.mean() - a.mean()).abs() / unit).max()

    def mae(x: pd.DataFrame) -> float:
        return float(np.mean(np.abs(x.to_numpy() @ weights[:-1] + weights[-1] - actual)))

    return {"rows": float(((a - b).abs() > 1e-9).any(axis=1).mean()), "shift": float(shift), "mae_offline": mae(a), "mae_served": mae(b)}
