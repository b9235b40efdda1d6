# must fail: ZeroDivisionError -- looks at the number of bins only

def psi(reference, current):
    import math

    if not (len(reference) == len(current) >= 2):
        raise ValueError("the same bins, two at least")
    k, n, m = len(reference), float(sum(reference)), float(sum(current))
    total = 0.0
    for a, b in zip(reference.tolist(), current.tolist()):
        p, q = (a + 0.5) / (n + 0.5 * k), (b + 0.5) / (m + 0.5 * k)
        total += (q - p) * (math.log(q) - math.log(p))
    return total, (k - 1) * (n + m) / (n * m)
