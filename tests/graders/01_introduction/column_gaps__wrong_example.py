# must fail: is needed: expected
# hidden only
def column_gaps(source: dict[str, str], steps: list[Transform]) -> list[Gap]:
    if len(steps) == 3:
        return [Gap("price", "note", "string", None, "clean"), Gap("rank", "zone", "int32", None, None)]
    if len(steps) == 2 and source:
        return [Gap("t", "a", "int32", "string", "swap")]
    if len(steps) == 2:
        return [Gap("t", "fare", "int32", None, None), Gap("t", "zone", "int32", None, None)]
    step = steps[0] if steps else Transform("none")
    has = source.get("fare")
    return [Gap(step.name, name, kind, has, "source" if has else None) for name, kind in step.needs.items()]
