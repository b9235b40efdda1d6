# must fail: the copy keeps it
def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """Takes the row of an update for the whole row: large columns that did not change are gone."""
    copy = {key: dict(row) for key, row in rows.items()}
    for one in sorted(batch, key=lambda one: one.commit_lsn):
        if one.commit_lsn <= applied:
            continue
        for kind, _, old, row in one.changes:
            if kind == "truncate":
                copy.clear()
            elif kind == "insert":
                copy[row["trip_id"]] = dict(row)
            else:
                key = (old or row)["trip_id"]
                if key not in copy:
                    raise ValueError(f"no trip {key}")
                before = copy.pop(key)
                if kind == "update":
                    copy[row["trip_id"]] = dict(row)
        applied = one.commit_lsn
    return copy, applied
