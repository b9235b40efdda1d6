# must fail: all errors in the order of -- sorted by name

def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError
    held, good, newest = [], [], {}
    for row, told in zip(rows, broken):
        why = tuple(sorted(told & set(errors)))
        if why:
            held.append((row, why))
            continue
        good.append(row)
        age = (row.updated_at is not None, row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, row)
    stands = {row.source_row for _, row in newest.values()}
    return ([row for row in good if row.source_row in stands], held, [row for row in good if row.source_row not in stands])
