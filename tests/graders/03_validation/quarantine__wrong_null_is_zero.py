# must fail: a row without updated_at is older than anything -- None counts as 0

def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError
    held, good, newest = [], [], {}
    for row, told in zip(rows, broken):
        why = tuple(e for e in errors if e in told)
        if why:
            held.append((row, why))
            continue
        good.append(row)
        age = (row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, row)
    stands = {row.source_row for _, row in newest.values()}
    return ([row for row in good if row.source_row in stands], held, [row for row in good if row.source_row not in stands])
