def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    import os
    from itertools import count

    lines = []
    for number in count():
        found = block(number)
        if found is None:
            break
        lines.extend(found)
    beside = folder / f"{day}.writing"
    beside.write_bytes("".join(line + "\n" for line in lines).encode("utf-8"))
    os.replace(beside, folder / f"{day}.csv")
