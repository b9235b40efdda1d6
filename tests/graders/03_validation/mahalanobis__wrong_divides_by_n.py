# must fail: the variance divides by the number of rows less one

def outliers(rows: np.ndarray, p: float) -> np.ndarray:
    from scipy import stats

    d = rows.shape[1]
    whole = ~np.isnan(rows).any(axis=1)
    data = rows[whole]
    if not 0 < p < 1 or len(data) <= d or (data.max(axis=0) == data.min(axis=0)).any():
        raise ValueError("cannot judge")
    covariance = np.atleast_2d(np.cov(data, rowvar=False, bias=True))
    apart = rows - data.mean(axis=0)
    squared = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart)
    with np.errstate(invalid="ignore"):
        return squared > stats.chi2.ppf(1 - p, d)
