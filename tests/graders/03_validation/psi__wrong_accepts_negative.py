# must fail: a negative count -- looks at the sums only
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2 or reference.sum() <= 0 or current.sum() <= 0:
        raise ValueError
    a, b = reference + 0.5, current + 0.5
    p, q = a / a.sum(), b / b.sum()
    return float(((q - p) * np.log(q / p)).sum()), float((len(a) - 1) * (1 / reference.sum() + 1 / current.sum()))
