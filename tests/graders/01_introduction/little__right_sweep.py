def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    if end <= start:
        raise ValueError("the window is empty")
    events = sorted([(began, 1) for began, _ in stays] + [(ended, -1) for _, ended in stays])
    area, under_way, last = 0.0, 0, start
    for at, change in events:
        clipped = min(max(at, start), end)
        area += under_way * (clipped - last)
        under_way, last = under_way + change, clipped
    lengths = [ended - began for began, ended in stays if start <= began < end]
    return area / (end - start), len(lengths) / (end - start), sum(lengths) / max(len(lengths), 1)
