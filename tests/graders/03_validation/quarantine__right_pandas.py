def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError("one verdict a row")
    held, good = [], []
    for row, told in zip(rows, broken):
        why = [e for e in errors if e in told]
        if why:
            held.append((row, tuple(why)))
        else:
            good.append(row)
    newest = {}
    for row in good:
        rival = newest.get(row.trip_id)
        if rival is None:
            newest[row.trip_id] = row
        else:
            mine = float("-inf") if row.updated_at is None else row.updated_at
            its = float("-inf") if rival.updated_at is None else rival.updated_at
            if mine > its or (mine == its and row.source_row < rival.source_row):
                newest[row.trip_id] = row
    valid = [row for row in good if newest[row.trip_id] is row]
    return valid, held, [row for row in good if newest[row.trip_id] is not row]
