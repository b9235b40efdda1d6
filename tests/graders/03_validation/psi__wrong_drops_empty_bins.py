# must fail: shares 9.5/19 and 9.5/19 -- a bin that emptied is left out
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2:
        raise ValueError
    there = (reference > 0) & (current > 0)
    p, q = reference[there] / reference.sum(), current[there] / current.sum()
    return float(((q - p) * np.log(q / p)).sum()), (len(reference) - 1) * (1 / reference.sum() + 1 / current.sum())
