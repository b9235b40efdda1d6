# must fail: what the block function raises comes out
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    beside = folder / f".{day}.tmp"
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            number = 0
            while (lines := block(number)) is not None:
                file.writelines(f"{line}\n" for line in lines)
                number += 1
    except BaseException:
        beside.unlink()
        return
    beside.replace(folder / f"{day}.csv")
