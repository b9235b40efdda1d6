# must fail: must be left as it is
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Writes into the table, forgets the old watermark, and takes 0 for none: three rules of the text."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(watermark - longest if watermark else None)
    table.update({row[0]: row for row in rows})
    return table, max((row[1] for row in rows), default=watermark)
