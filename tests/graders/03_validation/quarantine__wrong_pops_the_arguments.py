# must fail: the arguments were changed
# hidden only
def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError
    held, good, newest = [], [], {}
    for row, told in zip(rows, broken):
        told -= {name for name in told if name not in errors}
        if told:
            held.append((row, tuple(e for e in errors if e in told)))
            continue
        good.append(row)
        age = (row.updated_at is not None, row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, row)
    stands = [row for _, row in newest.values()]
    return [row for row in good if row in stands], held, [row for row in good if row not in stands]
