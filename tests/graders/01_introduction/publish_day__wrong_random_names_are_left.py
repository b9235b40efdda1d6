# must fail: after a run that ends well only the days' files
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    import secrets

    beside = folder / f".{secrets.token_hex(4)}.tmp"
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        number = 0
        while (lines := block(number)) is not None:
            file.writelines(f"{line}\n" for line in lines)
            number += 1
    beside.replace(folder / f"{day}.csv")
