def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    if end <= start:
        raise ValueError("the window is empty")
    began, ended = np.array(stays, float).reshape(-1, 2).T
    mine = (began >= start) & (began < end)
    inside = np.clip(ended, start, end) - np.clip(began, start, end)
    stay = float((ended - began)[mine].mean()) if mine.any() else 0.0
    return float(inside.sum() / (end - start)), float(mine.sum() / (end - start)), stay
