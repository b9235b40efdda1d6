def column_gaps(source: dict[str, str], steps: list[Transform]) -> list[Gap]:
    def before(at: int, column: str) -> tuple[str | None, str | None]:
        """Type and last hand of a column as step `at` sees it."""
        if at == 0:
            return (source[column], "source") if column in source else (None, None)
        step = steps[at - 1]
        if column in step.makes:
            return step.makes[column], step.name
        kind, by = before(at - 1, column)
        return (None, step.name) if column in step.drops and kind is not None else (kind, by)

    def fits(kind: str | None, needed: str) -> bool:
        bits = {"int16": 16, "int32": 32, "int64": 64}
        return kind == needed or (kind in bits and needed in bits and bits[kind] <= bits[needed])

    found = []
    for at, step in enumerate(steps):
        for column in sorted(step.needs):
            kind, by = before(at, column)
            if not fits(kind, step.needs[column]):
                found.append(Gap(step.name, column, step.needs[column], kind, by))
    return found
