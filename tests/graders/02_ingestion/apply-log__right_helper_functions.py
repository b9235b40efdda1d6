def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """A function for each kind, looked up by name."""
    table = {key: row.copy() for key, row in rows.items()}

    def insert(found):
        table[found.row["trip_id"]] = {**found.row}

    def delete(found):
        key = found.old["trip_id"]
        try:
            return table.pop(key)
        except KeyError:
            raise ValueError(f"trip {key} is not in the copy") from None

    def update(found):
        before = delete(found if found.old else found._replace(old=found.row))
        before.update(found.row)
        table[before["trip_id"]] = before

    kinds = {"insert": insert, "delete": delete, "update": update, "truncate": lambda found: table.clear()}
    for one in sorted(batch, key=lambda one: one.commit_lsn):
        if one.commit_lsn > applied:
            for found in one.changes:
                kinds[found.kind](found)
            applied = one.commit_lsn
    return table, applied
