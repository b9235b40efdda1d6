def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    frame = pd.DataFrame(deliveries, columns=["trip", "began", "delivered"])
    newest = frame[frame.delivered <= asked_at].sort_values("delivered").groupby("trip").began.last()
    return int(((newest >= start) & (newest < end)).sum())
