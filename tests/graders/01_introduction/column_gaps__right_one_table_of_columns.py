def column_gaps(source: dict[str, str], steps: list[Transform]) -> list[Gap]:
    columns = {name: (kind, "source") for name, kind in source.items()}
    wider = {"int16": {"int32", "int64"}, "int32": {"int64"}}
    gaps = []
    for step in steps:
        for name, needed in sorted(step.needs.items()):
            kind, by = columns.get(name, (None, None))
            if kind != needed and needed not in wider.get(kind, ()):
                gaps.append(Gap(step.name, name, needed, kind, by))
        for name in step.drops:
            if columns.get(name, (None, None))[0] is not None:
                columns[name] = (None, step.name)
        columns |= {name: (kind, step.name) for name, kind in step.makes.items()}
    return gaps
