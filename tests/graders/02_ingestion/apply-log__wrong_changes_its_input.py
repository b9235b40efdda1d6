# must fail: must be left as they are
def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """Works on the rows it was given."""
    for one in sorted(batch, key=lambda one: one.commit_lsn):
        if one.commit_lsn <= applied:
            continue
        for kind, _, old, row in one.changes:
            if kind == "truncate":
                rows.clear()
            elif kind == "insert":
                rows[row["trip_id"]] = dict(row)
            else:
                key = (old or row)["trip_id"]
                if key not in rows:
                    raise ValueError(f"no trip {key}")
                before = rows.pop(key)
                if kind == "update":
                    rows[row["trip_id"]] = {**before, **row}
        applied = one.commit_lsn
    return rows, applied
