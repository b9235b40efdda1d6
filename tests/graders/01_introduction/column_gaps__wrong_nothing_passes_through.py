# must fail: price needs note, which is gone by then
def column_gaps(source: dict[str, str], steps: list[Transform]) -> list[Gap]:
    widths = ("int16", "int32", "int64")
    there, touched = dict(source), dict.fromkeys(source, "source")
    found = []
    for step in steps:
        for column in sorted(step.needs):
            needed, has = step.needs[column], there.get(column)
            narrower = has in widths and needed in widths and widths.index(has) < widths.index(needed)
            if has != needed and not narrower:
                found.append(Gap(step.name, column, needed, has, touched.get(column)))
        there = {}
        for column in step.drops:
            if there.pop(column, None) is not None:
                touched[column] = step.name
        there.update(step.makes)
        touched.update(dict.fromkeys(step.makes, step.name))
    return found
