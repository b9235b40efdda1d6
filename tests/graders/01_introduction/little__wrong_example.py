# must fail: who is there all the time
# hidden only
def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    if end <= start:
        raise ValueError("the window is empty")
    return (0.9, 0.3, 29 / 3) if len(stays) == 3 else (0.0, 0.0, 0.0)
