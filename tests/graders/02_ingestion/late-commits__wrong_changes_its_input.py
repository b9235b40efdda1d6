# must fail: must be left as it is
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Updates the table it was given."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(None if watermark is None else watermark - longest)
    table.update({row[0]: row for row in rows})
    marks = [row[1] for row in rows] + ([] if watermark is None else [watermark])
    return table, max(marks, default=None)
