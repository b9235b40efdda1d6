# must fail: a run that dies half-way leaves the old day
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    with (folder / f"{day}.csv").open("w", encoding="utf-8", newline="\n") as file:
        number = 0
        while (lines := block(number)) is not None:
            file.writelines(f"{line}\n" for line in lines)
            number += 1
