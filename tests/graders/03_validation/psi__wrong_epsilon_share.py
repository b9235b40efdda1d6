# must fail: shares 9.5/19 and 9.5/19 -- adds a small share instead of half a count
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2 or min(reference.min(), current.min()) < 0:
        raise ValueError
    if reference.sum() == 0 or current.sum() == 0:
        raise ValueError
    p = np.clip(reference / reference.sum(), 1e-4, None)
    q = np.clip(current / current.sum(), 1e-4, None)
    return float(((q - p) * np.log(q / p)).sum()), (len(p) - 1) * (1 / reference.sum() + 1 / current.sum())
