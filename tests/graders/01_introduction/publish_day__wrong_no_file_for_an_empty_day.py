# must fail: a day without lines is an empty file
# hidden only
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    beside = folder / f".{day}.tmp"
    number, lines = 0, []
    beside.write_bytes(b"")
    while (part := block(number)) is not None:
        lines += part
        number += 1
    beside.write_bytes("".join(f"{line}\n" for line in lines).encode())
    if lines:
        beside.replace(folder / f"{day}.csv")
    else:
        beside.unlink()
