# must fail: the broken correction must not displace the good row
def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError
    newest = {}
    for i, row in enumerate(rows):
        age = (row.updated_at is not None, row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, i)
    stands = {i for _, i in newest.values()}
    why = [tuple(e for e in errors if e in told) for told in broken]
    valid = [row for i, row in enumerate(rows) if i in stands and not why[i]]
    held = [(row, why[i]) for i, row in enumerate(rows) if i in stands and why[i]]
    return valid, held, [row for i, row in enumerate(rows) if i not in stands]
