# must fail: you asked for
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Looks back one second less, because "less than longest"."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(None if watermark is None else watermark - longest + 1)
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return {**table, **{row[0]: row for row in rows}}, max(marks, default=None)
