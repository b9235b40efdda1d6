def outliers(rows: np.ndarray, p: float) -> np.ndarray:
    from scipy import linalg, stats

    good = np.isfinite(rows).all(axis=1)
    x = rows[good]
    if not (0 < p < 1) or x.shape[0] <= x.shape[1] or (x == x[0]).all(axis=0).any():
        raise ValueError("cannot judge")
    centred = x - x.mean(axis=0)
    lower = np.linalg.cholesky(centred.T @ centred / (len(x) - 1))
    white = linalg.solve_triangular(lower, centred.T, lower=True)
    answer = np.zeros(len(rows), dtype=bool)
    answer[good] = (white**2).sum(axis=0) > stats.chi2.isf(p, x.shape[1])
    return answer
