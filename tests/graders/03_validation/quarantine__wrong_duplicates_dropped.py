# must fail: the displaced row is a duplicate
def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError
    good = {}
    for row, told in sorted(zip(rows, broken), key=lambda pair: (pair[0].updated_at or 0)):
        if not told & set(errors):
            good[row.trip_id] = row
    held = [(row, tuple(e for e in errors if e in told)) for row, told in zip(rows, broken) if told & set(errors)]
    return [row for row in rows if row in good.values()], held, []
