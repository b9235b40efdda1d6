def settle(rows, broken, errors):
    if len(rows) != len(broken):
        raise ValueError("one verdict a row")
    reasons = [tuple(e for e in errors if e in told) for told in broken]
    good = [i for i, why in enumerate(reasons) if not why]
    # Worst first, so that the last one written for a trip is its newest.
    order = sorted(good, key=lambda i: (
        rows[i].updated_at is not None, rows[i].updated_at if rows[i].updated_at is not None else 0, -rows[i].source_row
    ))
    keeper = {rows[i].trip_id: i for i in order}
    stands = set(keeper.values())
    return (
        [rows[i] for i in good if i in stands],
        [(rows[i], why) for i, why in enumerate(reasons) if why],
        [rows[i] for i in good if i not in stands],
    )
