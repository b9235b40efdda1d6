# must fail: an upsert puts the new row in the place of the old one
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Only adds rows with new keys."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(None if watermark is None else watermark - longest)
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return {**{row[0]: row for row in rows}, **table}, max(marks, default=None)
