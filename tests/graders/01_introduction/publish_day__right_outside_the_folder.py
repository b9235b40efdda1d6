def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    import os
    import tempfile

    parts = []
    while (lines := block(len(parts))) is not None:
        parts.append("".join(f"{line}\n" for line in lines))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=folder, prefix=".", suffix=".tmp", delete=False) as file:
        file.write("".join(parts))
    os.replace(file.name, folder / f"{day}.csv")
