# must fail: became trip 9 and kept its note
def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """Makes a delete and an insert of an update that changes the key: the large columns are gone."""
    copy = {key: dict(row) for key, row in rows.items()}
    for one in sorted(batch, key=lambda one: one.commit_lsn):
        if one.commit_lsn <= applied:
            continue
        for kind, _, old, row in one.changes:
            if kind == "truncate":
                copy = {}
            elif kind == "insert":
                copy[row["trip_id"]] = dict(row)
            else:
                key = (old or row)["trip_id"]
                if key not in copy:
                    raise ValueError(f"{kind} of trip {key}")
                if kind == "delete" or old:
                    del copy[key]
                if kind == "update":
                    copy[row["trip_id"]] = {**copy.get(row["trip_id"], {}), **row}
        applied = one.commit_lsn
    return copy, applied
