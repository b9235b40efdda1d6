# must fail: you asked for
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Reads everything each time: right, and not incremental."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(None)
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return {**table, **{row[0]: row for row in rows}}, max(marks, default=None)
