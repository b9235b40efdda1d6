# must fail: 8.5, 4.5 and 0.5 of 13.5 -- the halves are added to the counts and not to their sum
def psi(reference, current):
    if len(reference) != len(current) or len(reference) < 2 or min(reference.min(), current.min()) < 0:
        raise ValueError
    n, m, k = reference.sum(), current.sum(), 2
    if n == 0 or m == 0:
        raise ValueError
    p, q = (reference + 0.5) / (n + k / 2), (current + 0.5) / (m + k / 2)
    return float(((q - p) * np.log(q / p)).sum()), float((len(reference) - 1) * (1 / n + 1 / m))
