# must fail: an empty one is not the end
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    beside = folder / f".{day}.tmp"
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        number = 0
        while lines := block(number):
            file.writelines(f"{line}\n" for line in lines)
            number += 1
    beside.replace(folder / f"{day}.csv")
