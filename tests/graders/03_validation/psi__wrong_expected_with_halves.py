# must fail: two bins, 18 and 9 rows -- expects with the sizes after the addition
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2:
        raise ValueError
    a, b = reference + 0.5, current + 0.5
    p, q = a / a.sum(), b / b.sum()
    return float(((q - p) * np.log(q / p)).sum()), float((len(a) - 1) * (1 / a.sum() + 1 / b.sum()))
