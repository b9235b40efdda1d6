# must fail: a ValueError is expected, an IndexError was raised

def settle(rows, broken, errors):
    held, good, newest = [], [], {}
    for i, row in enumerate(rows):
        told = broken[i]
        why = tuple(e for e in errors if e in told)
        if why:
            held.append((row, why))
            continue
        good.append(row)
        age = (row.updated_at is not None, row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, row)
    stands = {row.source_row for _, row in newest.values()}
    return ([row for row in good if row.source_row in stands], held, [row for row in good if row.source_row not in stands])
