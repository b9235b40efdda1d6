# must fail: a row with a NaN is no outlier -- a missing value becomes the mean, and its row is judged

def outliers(rows: np.ndarray, p: float) -> np.ndarray:
    from scipy import stats

    d = rows.shape[1]
    whole = np.ones(len(rows), bool)
    data = rows[whole]
    if not 0 < p < 1 or len(data) <= d or (data.max(axis=0) == data.min(axis=0)).any():
        raise ValueError("cannot judge")
    covariance = np.atleast_2d(np.cov(np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows), rowvar=False))
    apart = np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows) - np.nanmean(rows, axis=0)
    squared = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart)
    with np.errstate(invalid="ignore"):
        return squared > stats.chi2.ppf(1 - p, d)
