def load_new(
    read: Callable[[int | None], list[Stamped]], table: dict[int, Stamped], watermark: int | None, longest: int
) -> tuple[dict[int, Stamped], int | None]:
    """Sorts what came by its stamp; the last stamp is the watermark where it is later."""
    if longest != abs(longest):
        raise ValueError(f"{longest} seconds")
    since = watermark if watermark is None else watermark - longest
    rows = sorted(read(since), key=lambda row: row[1])
    new = table.copy()
    new.update((row[0], row) for row in rows)
    if rows and (watermark is None or rows[-1][1] > watermark):
        watermark = rows[-1][1]
    return new, watermark
