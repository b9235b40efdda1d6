# must fail: all blocks (an empty one is not the end) -- and it is not atomic either
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    lines, number = [], 0
    while part := block(number):
        lines += part
        number += 1
    (folder / f"{day}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
