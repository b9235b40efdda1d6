# must fail: became trip 9 and kept its note
def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """Ignores the old key of an update: the row stands under both keys, or is not found."""
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
                key = row["trip_id"] if row else old["trip_id"]
                if key not in copy:
                    raise ValueError(f"no trip {key}")
                before = copy.pop(key)
                if kind == "update":
                    copy[row["trip_id"]] = {**before, **row}
        applied = one.commit_lsn
    return copy, applied
