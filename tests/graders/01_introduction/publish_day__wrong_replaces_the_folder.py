# must fail: expected {'2024-03-14.csv'
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    text, number = "", 0
    while (lines := block(number)) is not None:
        text += "".join(f"{line}\n" for line in lines)
        number += 1
    for path in folder.iterdir():
        path.unlink()
    (folder / f"{day}.csv").write_bytes(text.encode())
