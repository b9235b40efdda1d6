# must fail: a watermark of 0 is one
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """`if watermark` takes the watermark 0 for none."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(watermark - longest if watermark else None)
    marks = [row[1] for row in rows] + ([watermark] if watermark is not None else [])
    return {**table, **{row[0]: row for row in rows}}, max(marks, default=None)
