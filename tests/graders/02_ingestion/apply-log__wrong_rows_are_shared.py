# must fail: must be left as they are
def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """Copies the outer dict only: an update changes the rows of the caller."""
    copy = dict(rows)
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
                    raise ValueError(f"{kind} of trip {key}")
                before = copy.pop(key)
                if kind == "update":
                    before.update(row)
                    copy[row["trip_id"]] = before
        applied = one.commit_lsn
    return copy, applied
