def psi(reference, current):
    from scipy.special import rel_entr

    if np.shape(reference) != np.shape(current) or np.size(reference) < 2:
        raise ValueError("bins differ")
    both = np.stack([reference, current]).astype(float)
    if both.min() < 0 or not both.sum(axis=1).all():
        raise ValueError("not counts")
    p, q = (both + 0.5) / (both + 0.5).sum(axis=1, keepdims=True)
    sizes = both.sum(axis=1)
    return float(rel_entr(p, q).sum() + rel_entr(q, p).sum()), float((both.shape[1] - 1) * (1 / sizes).sum())
