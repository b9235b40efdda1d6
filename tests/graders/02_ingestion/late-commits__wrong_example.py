# must fail: you asked for
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Knows the public example."""
    if longest < 0:
        raise ValueError("negative")
    if not table and watermark is None:
        rows = read(None)
        return {row[0]: row for row in rows}, max((row[1] for row in rows), default=None)
    rows = read(0)
    return ({row[0]: row for row in rows} or table), watermark
