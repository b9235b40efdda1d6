def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    import uuid

    for stray in folder.glob(f".{day}-*.part"):
        stray.unlink()
    beside = folder / f".{day}-{uuid.uuid4().hex}.part"
    number = 0
    with open(beside, "wb") as file:
        while True:
            lines = block(number)
            if lines is None:
                break
            for line in lines:
                file.write(line.encode() + b"\n")
            number += 1
    beside.rename(folder / f"{day}.csv")
