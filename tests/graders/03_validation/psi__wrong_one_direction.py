# must fail: shares 9.5/19 and 9.5/19 -- the divergence of Kullback and Leibler, not its symmetric sum
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2:
        raise ValueError
    a, b = reference + 0.5, current + 0.5
    p, q = a / a.sum(), b / b.sum()
    return float((q * np.log(q / p)).sum()), float((len(a) - 1) * (1 / reference.sum() + 1 / current.sum()))
