# must fail: trip 1 became visible at 103 s -- the trap itself
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """The popular version: from the latest stamp that was seen."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(watermark)
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return {**table, **{row[0]: row for row in rows}}, max(marks, default=None)
