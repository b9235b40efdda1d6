# must fail: who has opened the old file goes on reading
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    text, number = "", 0
    while (lines := block(number)) is not None:
        text += "".join(f"{line}\n" for line in lines)
        number += 1
    (folder / f"{day}.csv").write_bytes(text.encode())
