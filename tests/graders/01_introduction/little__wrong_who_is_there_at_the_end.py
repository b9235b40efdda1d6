# must fail: expected L = 0.9
def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    if end <= start:
        raise ValueError("the window is empty")
    inside = sum(max(0.0, min(e, end) - max(b, start)) for b, e in stays)
    mine = [e - b for b, e in stays if start <= b < end]
    return sum(b <= end < e for b, e in stays), len(mine) / (end - start), sum(mine) / len(mine) if mine else 0.0
