# must fail: one bin alone

def psi(reference, current):
    import math

    if not (len(reference) == len(current) >= 1):
        raise ValueError("the same bins, two at least")
    if any(count < 0 for count in [*reference, *current]) or sum(reference) == 0 or sum(current) == 0:
        raise ValueError("no counts")
    k, n, m = len(reference), float(sum(reference)), float(sum(current))
    total = 0.0
    for a, b in zip(reference.tolist(), current.tolist()):
        p, q = (a + 0.5) / (n + 0.5 * k), (b + 0.5) / (m + 0.5 * k)
        total += (q - p) * (math.log(q) - math.log(p))
    return total, (k - 1) * (n + m) / (n * m)
