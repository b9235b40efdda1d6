# must fail: it never goes back
def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Lowers the watermark before it is stored, so it sinks with every empty load."""
    if longest < 0:
        raise ValueError("negative")
    since = None if watermark is None else watermark - longest
    rows = read(since)
    seen = max([row[1] for row in rows] + ([] if since is None else [since]), default=None)
    return {**table, **{row[0]: row for row in rows}}, seen
