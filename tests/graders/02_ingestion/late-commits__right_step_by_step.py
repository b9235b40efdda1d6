def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Plain loops; the watermark is the largest stamp in the new table."""
    if longest < 0:
        raise ValueError("longest must not be negative")
    since = None
    if watermark is not None:
        since = watermark - longest
    new = dict(table)
    highest = watermark
    for row in read(since):
        key, updated_at, _ = row
        new[key] = row
        if highest is None or updated_at > highest:
            highest = updated_at
    return new, highest
