# must fail: tells its number
def to_canonical(service: str, header: list[str], records: list[list[str]]) -> list[dict[str, Any]]:
    """Counts records from 0."""
    def normal(name: str) -> str:
        return name.lstrip("\ufeff").strip().strip('"').strip().casefold()

    def whole(number: Decimal) -> int:
        return int(number.to_integral_value(ROUND_HALF_EVEN))

    def value(field: str, text: str) -> Any:
        if field.endswith("_at"):
            return datetime.fromisoformat(text)
        if field.endswith("_zone"):
            return None if int(text) in (264, 265) else int(text)
        return whole(Decimal(text) * (100 if field.endswith("_cents") else Decimal("1609.344")))

    names = [normal(name) for name in header]
    versions = [version for version in VERSIONS if version["service"] == service]
    meanings = [{normal(name): meaning for name, meaning in version["columns"].items()} for version in versions]
    best = min(range(len(versions)), key=lambda i: len(meanings[i].keys() ^ names))
    meaning = meanings[best]
    new, missing = [name for name in names if name not in meaning], [name for name in meaning if name not in names]
    if new or missing:
        raise UnknownHeader(f"nearest is {versions[best]['name']}: new {new}, missing {missing}")
    found = []
    for number, record in enumerate(records):
        if len(record) < len(names):
            raise ValueError(f"record {number} has {len(record)} fields, the header {len(names)}")
        row: dict[str, Any] = dict.fromkeys(FIELDS)
        fees = []
        for name, text in zip(names, map(str.strip, record)):
            if text and meaning[name] == "fee":
                fees.append(Decimal(text))
            elif text and meaning[name] in FIELDS:
                row[meaning[name]] = value(meaning[name], text)
        row["surcharges_cents"] = whole(sum(fees) * 100) if fees else None
        found.append(row)
    return found
