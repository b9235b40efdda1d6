# must fail: it never goes back
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Takes the latest stamp of this load, also where it is earlier than the one before."""
    if longest < 0:
        raise ValueError("negative")
    rows = read(None if watermark is None else watermark - longest)
    seen = max((row[1] for row in rows), default=watermark)
    return {**table, **{row[0]: row for row in rows}}, seen
