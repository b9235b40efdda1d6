def apply_log(
    rows: dict[int, dict[str, Any]], applied: int, batch: list[Transaction]
) -> tuple[dict[int, dict[str, Any]], int]:
    """One match statement; the transactions are deduplicated first."""
    todo = {one.commit_lsn: one for one in batch if one.commit_lsn > applied}
    table = dict(rows)
    for lsn in sorted(todo):
        for found in todo[lsn].changes:
            match found:
                case Change("insert", row=row):
                    table[row["trip_id"]] = dict(row)
                case Change("update", old=old, row=row):
                    key = row["trip_id"] if old is None else old["trip_id"]
                    if key not in table:
                        raise ValueError(f"no trip {key}")
                    table[row["trip_id"]] = table.pop(key) | row
                case Change("delete", old=old):
                    if old["trip_id"] not in table:
                        raise ValueError(f"no trip {old['trip_id']}")
                    del table[old["trip_id"]]
                case Change("truncate"):
                    table = {}
    return table, max([applied, *todo])
