# must fail: longest=0 must not be negative
# hidden only
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Takes a promise of 0 seconds for a mistake."""
    if longest <= 0:
        raise ValueError("longest=0 must not be negative")
    rows = read(None if watermark is None else watermark - longest)
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return {**table, **{row[0]: row for row in rows}}, max(marks, default=None)
