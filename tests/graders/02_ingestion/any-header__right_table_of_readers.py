def to_canonical(service: str, header: list[str], records: list[list[str]]) -> list[dict[str, Any]]:
    """A reader for each meaning, looked up by name; regular expressions for names."""
    import re

    def plain(name):
        return re.sub(r'^"(.*)"$', r"\1", name.lstrip("\ufeff").strip()).strip().lower()

    def rounded(value):
        return int(value.to_integral_value(ROUND_HALF_EVEN))

    def zone(text):
        return {264: None, 265: None}.get(int(text), int(text))

    money = lambda text: rounded(Decimal(text) * 100)
    readers = {"pickup_at": datetime.fromisoformat, "dropoff_at": datetime.fromisoformat}
    readers |= {"pickup_zone": zone, "dropoff_zone": zone, "fare_cents": money, "total_cents": money}
    readers["distance_m"] = lambda text: rounded(Decimal(text) * Decimal("1609.344"))

    mine = list(map(plain, header))
    nearest, fewest = None, None
    for version in VERSIONS:
        if version["service"] != service:
            continue
        theirs = {plain(name): meaning for name, meaning in version["columns"].items()}
        differing = set(mine) ^ set(theirs)
        if fewest is None or len(differing) < len(fewest):
            nearest, fewest, meanings = version["name"], differing, theirs
    if nearest is None or fewest:
        raise UnknownHeader(f"{nearest}: differs in {sorted(fewest or mine)}")
    rows = []
    for i in range(len(records)):
        if len(records[i]) < len(mine):
            raise ValueError(f"record {i + 1} is short")
        row = {field: None for field in FIELDS}
        total = None
        for j in range(len(mine)):
            text, meaning = records[i][j].strip(), meanings[mine[j]]
            if text == "":
                continue
            if meaning == "fee":
                total = Decimal(text) + (total or 0)
            elif meaning in readers:
                row[meaning] = readers[meaning](text)
        if total is not None:
            row["surcharges_cents"] = rounded(total * 100)
        rows.append(row)
    return rows
