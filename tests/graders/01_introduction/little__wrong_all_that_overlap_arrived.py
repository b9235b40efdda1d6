# must fail: who is there all the time
# hidden only
def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    if end <= start:
        raise ValueError("the window is empty")
    inside = sum(max(0.0, min(e, end) - max(b, start)) for b, e in stays)
    mine = [e - b for b, e in stays if b < end and e > start]
    return inside / (end - start), len(mine) / (end - start), sum(mine) / len(mine) if mine else 0.0
