# must fail: by 200 trips 1 and 2 of the window were delivered
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    if end <= start:
        raise ValueError("the window is empty")
    newest = {}
    for trip, began, delivered in deliveries:
        if trip not in newest or delivered > newest[trip][1]:
            newest[trip] = (began, delivered)
    return sum(start <= began < end and delivered <= asked_at for began, delivered in newest.values())
