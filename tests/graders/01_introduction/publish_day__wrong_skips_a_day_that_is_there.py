# must fail: what the block function raises comes out
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    target = folder / f"{day}.csv"
    if target.exists():
        return
    beside = folder / f".{day}.tmp"
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        number = 0
        while (lines := block(number)) is not None:
            file.writelines(f"{line}\n" for line in lines)
            number += 1
    beside.replace(target)
